"""What the thread of a guard asks, one round at a time."""

from collections.abc import Iterator

import pytest

import doorward.guard.pending
from doorward.guard import Answer, InvalidToken
from doorward.guard.follower import MAX_PAUSE_SECONDS, Follower, basic
from doorward.guard.jwks import ALGORITHMS
from doorward.guard.key_set import KeySet
from doorward.guard.revocations import Revocations
from support.issuer import SID, URL, Issuer, claims_of
from support.programs.processes import eventually

LIST = "revocations"


def follower_of(issuer: Issuer, authorization: str = "") -> tuple[Follower, Revocations]:
    keys = KeySet(f"{URL}/.well-known/jwks.json", ALGORITHMS, issuer.fetch, issuer.clock)
    revocations = Revocations(URL, "doorward")
    url = f"{URL}/.well-known/revocations"
    return Follower(url, keys, revocations, issuer.clock, fetch=issuer.fetch, authorization=authorization), revocations


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    issuer.close()  # nobody waits for news here
    yield issuer
    issuer.close()


def test_the_first_list_is_the_whole_one_and_the_next_ones_wait_for_what_is_new(issuer: Issuer) -> None:
    follower, revocations = follower_of(issuer)
    follower.round()
    assert [path for path, _ in issuer.asked] == ["/.well-known/jwks.json", "/.well-known/revocations"]
    assert "Prefer" not in issuer.asked[-1][1]
    cursor = revocations.cursor
    follower.round()
    path, headers = issuer.asked[-1]
    assert path == f"/.well-known/revocations?since={cursor}"
    assert headers["Prefer"] == "wait=25"
    assert headers["If-None-Match"] == 'W/"2"'


def test_keys_are_kept_fresh_beside_the_list(issuer: Issuer) -> None:
    follower, _ = follower_of(issuer)
    for _ in range(3):
        follower.round()
        issuer.clock.move(100)
    assert (issuer.fetches(), issuer.fetches(LIST)) == (1, 3)
    follower.round()
    assert issuer.fetches() == 2


def test_the_list_is_read_while_the_keys_cannot_be_fetched_again(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower, revocations = follower_of(issuer)
    follower.round()
    issuer.clock.move(300)
    issuer.keys_may_come.clear()
    monkeypatch.setattr(doorward.guard.pending, "PATIENCE_SECONDS", 0)
    follower.round()
    eventually(lambda: issuer.fetches() == 2)
    assert revocations.is_heard(issuer.clock.now())


def test_nobody_waits_for_news_beyond_the_time_at_which_the_keys_are_due(issuer: Issuer) -> None:
    """So that a revoked key is not used for longer than its answer allows."""
    follower, _ = follower_of(issuer)
    follower.round()
    for seconds, wait in ((270, 25), (8, 22), (11, 11), (6, 10)):
        issuer.clock.move(seconds)
        issuer.list_claims["exp"] = int(issuer.clock.now().timestamp()) + 300
        follower.round()
        assert issuer.asked[-1][1]["Prefer"] == f"wait={wait}"
    issuer.clock.move(5)
    follower.round()
    assert issuer.fetches() == 2


def test_a_list_that_begins_elsewhere_is_followed_by_the_whole_one(issuer: Issuer) -> None:
    follower, revocations = follower_of(issuer)
    follower.round()
    issuer.list_claims["since"] = "that-of-somebody-else"
    issuer.end_session(SID)
    follower.round()
    revocations.check(claims_of(SID), issuer.clock.now())
    issuer.list_claims.clear()
    follower.round()
    path, headers = issuer.asked[-1]
    assert path == "/.well-known/revocations"
    assert "If-None-Match" not in headers
    with pytest.raises(InvalidToken):
        revocations.check(claims_of(SID), issuer.clock.now())


def test_a_list_that_is_too_old_is_asked_for_without_waiting(issuer: Issuer) -> None:
    """So that no cache in between can keep it old by 304."""
    follower, _ = follower_of(issuer)
    follower.round()
    issuer.clock.move(300)
    follower.round()
    assert issuer.asked[-1][1].keys() == {"Accept"}


def test_pauses_grow_while_the_service_does_not_answer_and_end_with_it(issuer: Issuer) -> None:
    follower, _ = follower_of(issuer)
    follower.round()
    issuer.is_down = True
    pauses = [follower.round() for _ in range(20)]
    assert pauses[0] <= 1
    assert all(MAX_PAUSE_SECONDS / 2 <= pause <= MAX_PAUSE_SECONDS for pause in pauses[5:])
    issuer.is_down = False
    assert follower.round() < 0.5


@pytest.mark.parametrize(("headers", "pause"), [({"preference-applied": "wait=25"}, 0.1), ({}, 1.0)])
def test_a_service_that_lets_nobody_wait_is_asked_every_second_at_most(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], pause: float
) -> None:
    follower, _ = follower_of(issuer)
    follower.round()
    monkeypatch.setattr(follower, "_fetch", lambda *_: Answer(304, headers, b""))
    assert follower.round() == pause


def test_nothing_that_goes_wrong_ends_the_thread(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    follower, revocations = follower_of(issuer)

    def fail(*_: object) -> None:
        raise RuntimeError("something that nobody foresaw")

    with monkeypatch.context() as patch:
        patch.setattr(revocations, "read", fail, raising=False)
        assert follower.round() > 0
    assert not revocations.is_heard(issuer.clock.now())
    follower.round()
    assert revocations.is_heard(issuer.clock.now())


def test_a_registered_service_says_who_it_is(issuer: Issuer) -> None:
    follower, _ = follower_of(issuer, basic("svc-1", "a secret: 100%"))
    follower.round()
    assert issuer.asked[-1][1]["Authorization"] == "Basic c3ZjLTE6YSUyMHNlY3JldCUzQSUyMDEwMCUyNQ=="
    assert "Authorization" not in issuer.asked[0][1], "the keys are for everybody"
