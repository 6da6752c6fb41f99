"""The invariants of what was written: nothing that was acknowledged is lost, and nothing is half done."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from hashlib import sha256

from doorward.domain.accounts.username import fold
from support.faults.afterwards import Afterwards
from support.faults.ledger import GUARDED, Entry, Kind, Ledger

STARTING_ROLE = "user"
CHANGED_ROLE = "moderator"


def acknowledged_writes_are_there(ledger: Ledger, after: Afterwards) -> Iterator[str]:
    """I1: every acknowledged write is there. What was not acknowledged is there as a whole, or not at all."""
    yield from accounts_are_there(ledger, after)
    yield from roles_are_there(ledger, after)
    yield from sessions_are_there(ledger, after)
    yield from no_session_is_refused(ledger)


def accounts_are_there(ledger: Ledger, after: Afterwards) -> Iterator[str]:
    present = {account.username: account for account in after.accounts}
    attempts: dict[str, list[Entry]] = defaultdict(list)
    for entry in ledger.of(Kind.SIGN_UP):
        attempts[entry.username].append(entry)
        if entry.is_acknowledged and entry.username not in present:
            yield f"lost: {entry}"
        elif entry.is_acknowledged and present[entry.username].email != entry.email:
            yield f"has another address: {entry}"
    for username, entries in attempts.items():
        if username in present and all(entry.is_refused for entry in entries):
            yield f"done although it was refused: {entries[-1]}"
    ids = {account.id for account in after.accounts}
    for account in after.accounts:
        if (account.id, STARTING_ROLE) not in after.roles:
            yield f"half done: {account.username} does not have the role {STARTING_ROLE}"
    if {user_id for user_id, _ in after.roles} - ids:
        yield "half done: roles of accounts that do not exist"
    if {session.user_id for session in after.sessions.values()} - ids:
        yield "half done: sessions of accounts that do not exist"


def roles_are_there(ledger: Ledger, after: Afterwards) -> Iterator[str]:
    """A change without an answer may have been done or not, and of two at the same time either may have been last."""
    ids = {account.username: account.id for account in after.accounts}
    changes: dict[str, list[Entry]] = defaultdict(list)
    for entry in ledger.of(Kind.GRANT, Kind.REVOKE):
        changes[entry.username].append(entry)
    for username, entries in changes.items():
        if username in ids and ((ids[username], CHANGED_ROLE) in after.roles) not in last_states(entries):
            yield f"lost: the last change of the role {CHANGED_ROLE} of {username}"


def last_states(changes: list[Entry]) -> set[bool]:
    """Whether the account may have the role, after these changes of it."""
    done = [entry for entry in changes if entry.is_acknowledged]
    begun_last = max((entry.started for entry in done), default=float("-inf"))
    possible = [entry for entry in changes if not entry.is_refused and entry.ended >= begun_last]
    return {entry.kind is Kind.GRANT for entry in possible} | ({False} if not done else set())


def sessions_are_there(ledger: Ledger, after: Afterwards) -> Iterator[str]:
    """A session that began and was not signed out of has the last token that its client got, or the next one."""
    tokens, over, maybe_over, unsure = session_history(ledger)
    for session_id, token in tokens.items():
        stored = after.sessions.get(session_id)
        if session_id in over and stored is not None:
            yield f"lost: the sign-out of the session {session_id}"
        elif session_id not in over | maybe_over and stored is None:
            yield f"lost: the session {session_id}"
        elif stored is not None and session_id not in unsure and stored.token_hash != sha256(token.encode()).digest():
            yield f"lost: the last refresh of the session {session_id}"


def session_history(ledger: Ledger) -> tuple[Mapping[str, str], set[str], set[str], set[str]]:
    """The last token of each session; the sessions that are over, that may be, and whose last refresh is unknown."""
    tokens: dict[str, str] = {}
    over: set[str] = set()
    maybe_over: set[str] = set()
    unsure: set[str] = set()
    for entry in ledger.of(Kind.SIGN_IN, Kind.REFRESH, Kind.SIGN_OUT):
        session_id = as_stored(entry.next_session_id or entry.session_id)
        if entry.next_refresh_token:
            tokens[session_id] = entry.next_refresh_token
            unsure.discard(session_id)
        elif entry.kind is Kind.REFRESH and entry.is_unknown:
            unsure.add(session_id)
        elif entry.kind is Kind.SIGN_OUT and not entry.is_refused:
            (over if entry.is_acknowledged else maybe_over).add(session_id)
    return tokens, over, maybe_over, unsure


def as_stored(session_id: str) -> str:
    return session_id.replace("-", "")


def no_session_is_refused(ledger: Ledger) -> Iterator[str]:
    """Nobody is signed out who did not sign out."""
    ended = {
        entry.session_id: entry.started for entry in reversed(list(ledger.of(Kind.SIGN_OUT))) if not entry.is_refused
    }
    for entry in ledger.of(*GUARDED, Kind.REFRESH):
        if entry.status == 401 and entry.ended < ended.get(entry.session_id, float("inf")):
            yield f"refused although the session was not ended: {entry}"


def a_refresh_token_has_one_successor(ledger: Ledger, _: Afterwards) -> Iterator[str]:
    """I2: each refresh token got at most one successor, and no two tokens got the same one."""
    successors: dict[str, set[str]] = defaultdict(set)
    for entry in ledger.of(Kind.REFRESH):
        if entry.is_acknowledged:
            successors[entry.refresh_token].add(entry.next_refresh_token)
    for token, found in successors.items():
        if len(found) > 1:
            yield f"{len(found)} successors of the token with the hash {sha256(token.encode()).hexdigest()}"
    issued = Counter(token for found in successors.values() for token in found)
    issued.update({entry.next_refresh_token for entry in ledger.of(Kind.SIGN_IN) if entry.is_acknowledged})
    if issued and max(issued.values()) > 1:
        yield "one refresh token was issued for two"


def a_name_and_an_address_belong_to_one_account(ledger: Ledger, after: Afterwards) -> Iterator[str]:
    """I4: there is at most one account for each name and each address, however they are spelt."""
    stored = [("stored", account.username, account.email) for account in after.accounts]
    granted = [("granted", entry.username, entry.email) for entry in ledger.of(Kind.SIGN_UP) if entry.is_acknowledged]
    for rows in (stored, granted):
        for place, what in ((1, "name"), (2, "address")):
            count = Counter(fold(row[place]) for row in rows)
            for value, number in count.items():
                if number > 1:
                    yield f"the {what} {value} was {rows[0][0]} {number} times"
