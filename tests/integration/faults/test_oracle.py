"""The oracle finds each kind of mistake: for every invariant there are histories that break it, and it alone."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from support.faults.afterwards import Afterwards, Row, StoredSession, Usage
from support.faults.answers import MAX_GROWTH_BYTES, MAX_GROWTH_OF_A_CYCLE_BYTES, MAX_MORE_DESCRIPTORS
from support.faults.ledger import Entry, Kind, Ledger
from support.faults.oracle import INVARIANTS, check, violations

ADA, GRACE = "a" * 32, "b" * 32
FIRST, SECOND = "1" * 32, "2" * 32
TOKENS = [f"{letter * 86}" for letter in "pqrs"]

History = tuple[Ledger, Afterwards]


def entry(kind: Kind, at: float, status: int | None, **members: Any) -> Entry:
    usual = {"username": "ada", "expected_subject": ADA, "media_type": "application/json"}
    return Entry(kind=kind, started=at, ended=at + 0.1, status=status, **{**usual, **members})


def problem(kind: Kind, at: float, status: int, **members: str) -> Entry:
    return entry(kind, at, status, **{"media_type": "application/problem+json", "code": "some_code", **members})


def tokens(number: int, session_id: str) -> dict[str, str]:
    return {"next_session_id": session_id, "next_refresh_token": TOKENS[number], "subject": ADA}


def honest() -> History:
    """Ada signs up, signs in twice, refreshes, and signs out of her first session; she is a moderator for a while."""
    entries = [
        entry(Kind.SIGN_UP, 1, 201, email="ada@example.org", expected_subject=""),
        entry(Kind.SIGN_IN, 2, 200, **tokens(0, FIRST)),
        entry(Kind.REFRESH, 3, 200, session_id=FIRST, refresh_token=TOKENS[0], **tokens(1, FIRST)),
        entry(Kind.GRANT, 4, 204),
        entry(Kind.READ_AS_MODERATOR, 5, 200, session_id=FIRST),
        entry(Kind.REVOKE, 6, 204),
        problem(Kind.READ_AS_MODERATOR, 12, 403, session_id=FIRST),
        entry(Kind.SIGN_OUT, 13, 204, session_id=FIRST),
        problem(Kind.READ, 20, 401, session_id=FIRST),
        problem(Kind.SIGN_IN, 21, 503, retry_after="2"),
        entry(Kind.SIGN_IN, 22, 200, **tokens(2, SECOND)),
        entry(Kind.READ_ACCOUNT, 23, 200, session_id=SECOND, subject=ADA),
    ]
    session = StoredSession(user_id=ADA, token_hash=sha256(TOKENS[2].encode()).digest())
    after = Afterwards(
        accounts=[Row(id=ADA, username="ada", email="ada@example.org")],
        roles=frozenset({(ADA, "user")}),
        sessions={SECOND: session},
        log='{"event":"sys_startup"}\n',
        usage=[Usage(processes=1, descriptors=50, threads=10, resident_bytes=100_000_000)] * 4,
    )
    return Ledger(entries), after


def adding(*entries: Entry) -> History:
    ledger, after = honest()
    return Ledger([*ledger.entries, *entries]), after


def finding(**members: Any) -> History:
    ledger, after = honest()
    return ledger, replace(after, **members)


def stored(token: str) -> dict[str, StoredSession]:
    return {SECOND: StoredSession(user_id=ADA, token_hash=sha256(token.encode()).digest())}


def growing(*resident: int) -> History:
    return finding(usage=[Usage(processes=1, descriptors=50, threads=10, resident_bytes=number) for number in resident])


def two_accounts(username: str, email: str) -> History:
    rows = [Row(id=ADA, username="ada", email="ada@example.org"), Row(id=GRACE, username=username, email=email)]
    return finding(accounts=rows, roles=frozenset({(ADA, "user"), (GRACE, "user")}))


LATER = {"session_id": SECOND, "refresh_token": TOKENS[2]}

DOCTORED: list[tuple[str, str, Callable[[], History]]] = [
    ("I1", "an account is lost", lambda: finding(accounts=[], roles=frozenset(), sessions={})),
    (
        "I1",
        "a refused sign-up was done",
        lambda: (
            Ledger([problem(Kind.SIGN_UP, 1, 400, email="ada@example.org"), *honest()[0].entries[1:]]),
            honest()[1],
        ),
    ),
    ("I1", "an account has no role", lambda: finding(roles=frozenset())),
    ("I1", "roles of nobody", lambda: finding(roles=frozenset({(ADA, "user"), (GRACE, "user")}))),
    ("I1", "a revoked role is there", lambda: finding(roles=frozenset({(ADA, "user"), (ADA, "moderator")}))),
    ("I1", "a granted role is lost", lambda: adding(entry(Kind.GRANT, 24, 204))),
    ("I1", "a session is lost", lambda: finding(sessions={})),
    (
        "I1",
        "a sign-out is lost",
        lambda: finding(sessions={**honest()[1].sessions, FIRST: StoredSession(user_id=ADA, token_hash=b"")}),
    ),
    ("I1", "a refresh is lost", lambda: finding(sessions=stored(TOKENS[0]))),
    ("I1", "somebody is signed out", lambda: adding(problem(Kind.READ, 24, 401, session_id=SECOND))),
    (
        "I2",
        "a token has two successors",
        lambda: (
            adding(
                entry(Kind.REFRESH, 24, 200, **LATER, **tokens(3, SECOND)),
                entry(Kind.REFRESH, 25, 200, **LATER, **tokens(0, SECOND)),
            )[0],
            replace(honest()[1], sessions=stored(TOKENS[0])),
        ),
    ),
    ("I3", "an ended session is accepted", lambda: adding(entry(Kind.READ, 24, 200, session_id=FIRST))),
    ("I3", "a revoked role counts", lambda: adding(entry(Kind.READ_AS_MODERATOR, 24, 200, session_id=SECOND))),
    ("I4", "two accounts with one name", lambda: two_accounts("ADA", "other@example.org")),
    ("I4", "two accounts with one address", lambda: two_accounts("other", "ADA@example.org")),
    ("I5", "a status that is not documented", lambda: adding(problem(Kind.READ, 24, 500), honest()[0].entries[-1])),
    (
        "I5",
        "an error that is no problem document",
        lambda: adding(entry(Kind.READ, 24, 403, session_id=SECOND, media_type="text/plain")),
    ),
    ("I5", "a 503 without Retry-After", lambda: adding(problem(Kind.READ, 24, 503), honest()[0].entries[-1])),
    (
        "I5",
        "a Retry-After of the past",
        lambda: adding(problem(Kind.READ, 24, 429, retry_after="-1"), honest()[0].entries[-1]),
    ),
    (
        "I5",
        "a request that hangs",
        lambda: adding(entry(Kind.READ, 24, None, broken="ReadTimeout"), honest()[0].entries[-1]),
    ),
    ("I6", "somebody is not served at the end", lambda: adding(problem(Kind.READ, 24, 503, retry_after="2"))),
    ("I6", "nobody was served", lambda: (Ledger(honest()[0].entries[:1]), replace(honest()[1], sessions={}))),
    (
        "I6",
        "descriptors leak",
        lambda: finding(
            usage=[
                Usage(processes=1, descriptors=number, threads=10, resident_bytes=100)
                for number in (50, 51 + MAX_MORE_DESCRIPTORS)
            ]
        ),
    ),
    (
        "I6",
        "threads leak",
        lambda: finding(usage=[Usage(processes=1, descriptors=50, threads=n, resident_bytes=100) for n in (10, 200)]),
    ),
    ("I7", "a refresh token is logged", lambda: finding(log=f'{{"token":"{TOKENS[1]}"}}\n')),
    ("I7", "an access token is logged", lambda: finding(log='{"token":"eyJhbGciOiJFUzI1NiJ9.e30.c2ln"}\n')),
    ("I7", "a password of the database is logged", lambda: finding(log="mysql://doorward:secret@db/doorward\n")),
    ("I8", "memory is not bounded", lambda: growing(100, 101 + MAX_GROWTH_BYTES)),
    ("I8", "memory grows with each fault", lambda: growing(100, 200, 300, 301 + MAX_GROWTH_OF_A_CYCLE_BYTES)),
    ("I9", "an answer about somebody else", lambda: adding(entry(Kind.READ_ACCOUNT, 24, 200, subject=GRACE))),
]


def test_an_honest_history_breaks_no_invariant() -> None:
    check(*honest())


@pytest.mark.parametrize(
    ("invariant", "doctored"), [pytest.param(name, history, id=f"{name} {what}") for name, what, history in DOCTORED]
)
def test_a_history_with_one_mistake_breaks_one_invariant(invariant: str, doctored: Callable[[], History]) -> None:
    ledger, after = doctored()
    found = violations(ledger, after)
    assert list(found) == [invariant], found
    with pytest.raises(AssertionError, match=f"^{invariant}: "):
        check(ledger, after)


def test_every_invariant_is_tried() -> None:
    assert {name for name, _, _ in DOCTORED} == set(INVARIANTS)


def test_what_was_not_answered_may_have_been_done_or_not() -> None:
    """The account is there as a whole or not at all. Role, session and token are the old or the new ones."""
    ledger, after = adding(
        entry(Kind.SIGN_UP, 24, None, username="grace", email="grace@example.org", broken="ReadError"),
        problem(Kind.GRANT, 25, 503, retry_after="2"),
        problem(Kind.REFRESH, 26, 503, retry_after="2", **LATER),
        problem(Kind.SIGN_OUT, 27, 503, retry_after="2", session_id=SECOND),
        honest()[0].entries[-1],
    )
    grace = Row(id=GRACE, username="grace", email="grace@example.org")
    user_of_ada, user_of_grace, moderator = (ADA, "user"), (GRACE, "user"), (ADA, "moderator")
    check(ledger, after)
    check(ledger, replace(after, sessions=stored(TOKENS[3])))
    check(ledger, replace(after, sessions={}))
    check(ledger, replace(after, roles=frozenset({user_of_ada, moderator})))
    check(ledger, replace(after, accounts=[*after.accounts, grace], roles=frozenset({user_of_ada, user_of_grace})))
    with pytest.raises(AssertionError, match="grace does not have the role user"):
        check(ledger, replace(after, accounts=[*after.accounts, grace]))
