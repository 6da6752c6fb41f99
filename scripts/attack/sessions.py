"""Many sessions of one account, and refresh tokens that are sent again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter, sleep

from attack.row import Row, tried
from attack.target import Target
from doorward.application.change_feed.ended_sessions import MANY_OF_ONE_ACCOUNT
from doorward.testing.builders import PASSWORD
from support.http.service import Account, outcome
from support.jwt.material import read_claims

LIST_SETTLES_SECONDS = 1.2
MAX_SECONDS = 90
AT_ONCE = 2
BUSY_SECONDS = 0.2
"""Until a sign-in is tried again for which the hashing queue had no room."""

REPEATED = 10
REPLAYS = 14


def flood_of_sessions(target: Target) -> Iterator[Row]:
    """One account signs in and out, more often than the revocation list has entries for it, and signs in once more a
    second later. Held: the list has grown by fewer entries, and tokens of ended sessions are refused. The short form
    has too few sign-ins for the first."""
    yield tried("flood of sessions", partial(flooded, target))


def flooded(target: Target) -> Row:
    times = 12 if target.short else MANY_OF_ONE_ACCOUNT + 20
    account = target.account("flood")
    before = listed_sessions(target)
    ended = in_and_out_often(target, account.username, times)
    if len(ended) < times:
        return Row.skipped("flood of sessions", f"only {len(ended)} passwords were hashed in {MAX_SECONDS} seconds")
    sleep(LIST_SETTLES_SECONDS)  # the ends of the last second are always listed one by one
    target.service.sign_in(account.username)
    growth = listed_sessions(target) - before
    refused = not any(target.service.lets_in(each) for each in (ended[0], ended[-1]))
    return Row(
        attack="flood of sessions",
        sent=f"{times} sign-ins and sign-outs of one account",
        came_back=f"the list grew by {growth} entries; the ended tokens are {'refused' if refused else 'ACCEPTED'}",
        held=refused and (target.short or growth < MANY_OF_ONE_ACCOUNT),
    )


def in_and_out_often(target: Target, username: str, times: int) -> list[Account]:
    """Sign in and out that often, and return the ended sessions: fewer if MAX_SECONDS are not enough."""
    until = perf_counter() + MAX_SECONDS
    with ThreadPoolExecutor(AT_ONCE) as pool:
        tries = pool.map(lambda _: in_and_out(target, username, until), range(times))
        return [ended for ended in tries if ended is not None]


def in_and_out(target: Target, username: str, until: float) -> Account | None:
    """Return the account of the ended session, or None if the time is over. A login name has a share of the hashing
    queue, which is one hash on a slow machine, so a sign-in that is refused for it is tried again."""
    while perf_counter() < until:
        answer = target.service.request("POST", "/api/auth/signin", json={"username": username, "password": PASSWORD})
        if answer.is_success:
            account = Account.signed_in(answer.json())
            target.service.request("POST", "/api/auth/signout", headers=account.bearer)
            return account
        if outcome(answer) != (503, "hashing_busy"):
            raise RuntimeError(answer.text)
        sleep(BUSY_SECONDS)
    return None


def listed_sessions(target: Target) -> int:
    return len(read_claims(target.service.request("GET", "/.well-known/revocations").text)["sessions"])


def replays_of_a_spent_refresh_token(target: Target) -> Iterator[Row]:
    """Refreshes a session, and sends the spent token again and again on one connection, so to one process. Held: it is
    answered ten times as to a client that lost the answer, then 429, and the session goes on."""
    yield tried("replays of a spent refresh token", partial(replayed, target))


def replayed(target: Target) -> Row:
    account = target.account("replay")
    refreshed = target.service.refreshed(account)
    with target.service.client() as client:
        body = {"refreshToken": account.refresh_token}
        statuses = [client.post("/api/auth/refresh", json=body).status_code for _ in range(REPLAYS)]
    goes_on = target.service.refresh(refreshed.refresh_token).is_success
    return Row(
        attack="replays of a spent refresh token",
        sent=f"the same token {REPLAYS} times within its grace",
        came_back=f"{statuses.count(200)} x 200, {statuses.count(429)} x 429; the session "
        + ("goes on" if goes_on else "has ended"),
        held=statuses == [200] * REPEATED + [429] * (REPLAYS - REPEATED) and goes_on,
    )
