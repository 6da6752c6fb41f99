"""Requests that wait for a password hash, or were sent before, while what they act for ends."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from secrets import token_hex
from time import perf_counter, sleep

import httpx2

from attack.row import Row, tried
from attack.target import Target
from doorward.testing.builders import OTHER_PASSWORD, PASSWORD
from support.http.service import Account

GUESSES = 6
"""Sign-ins with unknown names, which take the threads that hash."""

ATTEMPTS = 10
SURELY_BEFORE_SECONDS = 0.03
"""An end that was answered so long before the other request has been committed before it."""

End = Callable[[Target, Account, Account], httpx2.Response]
"""Ends what the first account's session may do; the second is another session of the same account."""


def signed_out_everywhere(target: Target, _: Account, other: Account) -> httpx2.Response:
    return target.service.request("POST", "/api/auth/signout-all", headers=other.bearer)


def disabled(target: Target, victim: Account, _: Account) -> httpx2.Response:
    path, admin = f"/api/admin/users/{victim.id}", target.service.admin.bearer
    return target.service.request("PATCH", path, headers=admin, json={"disabled": True})


def deleted(target: Target, victim: Account, _: Account) -> httpx2.Response:
    return target.service.request("DELETE", f"/api/admin/users/{victim.id}", headers=target.service.admin.bearer)


def requests_that_outlive_their_session(target: Target) -> Iterator[Row]:
    """Fills the threads that hash passwords, sends a change of password and a deletion of the account, which wait for
    them, and ends the session meanwhile. Held: a request that is answered after that end is refused."""
    for end in (signed_out_everywhere, disabled, deleted):
        for change in (change_password, delete_account):
            name = f"{change.__name__.replace('_', ' ')} while {end.__name__.replace('_', ' ')}"
            yield tried(name, partial(outlived, target, name, end, change))


def change_password(target: Target, account: Account) -> httpx2.Response:
    body = {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}
    return target.service.request("POST", "/api/account/password", headers=account.bearer, json=body)


def delete_account(target: Target, account: Account) -> httpx2.Response:
    return target.service.request("DELETE", "/api/account", headers=account.bearer, json={"password": PASSWORD})


def outlived(target: Target, name: str, end: End, change: Callable[[Target, Account], httpx2.Response]) -> Row:
    """Try until the end was answered before the waiting request."""
    for attempt in range(1, ATTEMPTS + 1):
        victim = target.account("late")
        other = target.service.sign_in(victim.username)
        late, gap = while_hashing(target, partial(change, target, victim), partial(end, target, victim, other))
        if gap > SURELY_BEFORE_SECONDS and late.status_code != httpx2.codes.SERVICE_UNAVAILABLE:
            return Row(
                attack=name,
                sent=f"the end {gap * 1000:.0f} ms before the other answer, attempt {attempt}",
                came_back=f"{late.status_code} for the request that waited",
                held=late.status_code in {401, 403},
            )
    return Row.skipped(name, f"in {ATTEMPTS} attempts the request did not wait long enough")


def while_hashing(
    target: Target, waiting: Callable[[], httpx2.Response], end: Callable[[], httpx2.Response]
) -> tuple[httpx2.Response, float]:
    """Return the answer to the request that waits, and by how many seconds the end was answered before it."""
    with ThreadPoolExecutor(GUESSES + 1) as pool:
        guesses = [pool.submit(guess, target) for _ in range(GUESSES)]
        sleep(0.005)  # so that they come first; the end is sent when the other request surely waits behind them
        late: Future[tuple[httpx2.Response, float]] = pool.submit(timed, waiting)
        sleep(0.02)
        ended, ended_at = timed(end)
        answer, answered_at = late.result()
        for each in guesses:
            each.result()
    if not ended.is_success:
        raise RuntimeError(f"The end was answered with {ended.status_code}.")
    return answer, answered_at - ended_at


def timed(send: Callable[[], httpx2.Response]) -> tuple[httpx2.Response, float]:
    answer = send()
    return answer, perf_counter()


def guess(target: Target) -> httpx2.Response:
    return target.service.request(
        "POST", "/api/auth/signin", json={"username": f"nobody-{token_hex(6)}", "password": "?"}
    )


def grants_of_a_demoted_admin(target: Target) -> Iterator[Row]:
    """A second admin grants a role over and over on four connections and loses the role of an admin meanwhile. Held: no
    grant that is sent after that answer has an effect."""
    yield tried("grants of a demoted admin", partial(demoted, target))


def demoted(target: Target) -> Row:
    admin, victim = target.account("demoted", "admin"), target.account("granted")
    path = f"/api/admin/users/{victim.id}/roles/moderator"
    moments: list[tuple[float, int]] = []
    stop: list[float] = []

    def grant_on() -> None:
        with target.service.client(headers=admin.bearer) as client:
            while not stop or perf_counter() < stop[0] + 0.3:
                sent_at = perf_counter()
                moments.append((sent_at, client.put(path).status_code))

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(grant_on) for _ in range(4)]
        sleep(0.1)
        mine = f"/api/admin/users/{admin.id}/roles/admin"
        taken = target.service.request("DELETE", mine, headers=target.service.admin.bearer)
        stop.append(perf_counter())
        for each in running:
            each.result()
    before = sum(status == httpx2.codes.NO_CONTENT for sent_at, status in moments if sent_at < stop[0])
    after = [status for sent_at, status in moments if sent_at >= stop[0]]
    return Row(
        attack="grants of a demoted admin",
        sent=f"{len(after)} grants after the role was taken away",
        came_back=", ".join(map(str, sorted(set(after)))),
        held=taken.is_success and before > 0 and set(after) == {403},
    )
