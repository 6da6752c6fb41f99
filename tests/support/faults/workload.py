"""People who use the service at the same time: 60 % guarded GETs, 20 % refreshes, 10 % sign-ins, 5 % sign-ups, 3 %
sign-outs and 2 % changes of roles.

    with running(folder, **SETTINGS) as server:
        with workload([server.url], server.admin, clients=8, seed=1) as load:
            load.until_working()  # every kind of request has succeeded, and none fails
            ...  # the fault begins and ends
            load.until_working()  # and again
        check(load.ledger, afterwards([server]))

The people live in a thread with an event loop of their own, so that a test may block while it stops and starts
processes. When the block ends, each of them asks whether the session is still good, until there is an answer.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic

import httpx2

from support.faults.ledger import Entry, Kind, Ledger
from support.faults.person import Deed, Person
from support.http.service import Account
from support.programs.processes import PATIENCE, eventually

DEEDS: dict[Deed, int] = {
    Person.read: 60,
    Person.refresh: 20,
    Person.sign_in: 10,
    Person.sign_up_another: 5,
    Person.sign_out: 3,
    Person.change_role: 2,
}
"""What people do, and how often of a hundred times."""

PAUSE_SECONDS = 0.02
"""Between two requests of a person, so that two processors serve eight people and the test."""

SETTINGS = {"sessions_per_account": "1000", "refresh_grace": "600", "keep_alive_seconds": "75"}
"""Of a service under a workload: no session makes room for another, a refresh may be asked for again after the fault,
and the service closes no connection just when a request is sent on it."""

TOUR: tuple[Deed, ...] = (Person.sign_in, Person.refresh, Person.change_role, Person.read, Person.sign_out)
"""What everybody does first, so that soon everything was done."""

NEEDED = frozenset(Kind) - {Kind.GRANT, Kind.REVOKE, Kind.READ_AS_MODERATOR}
"""What has to succeed, and one change of a role, before a service is taken to work."""

QUIET_REQUESTS = 60
"""So many in a row without an error mean that there are no errors any more."""


@dataclass(slots=True)
class Load:
    """A running workload."""

    ledger: Ledger = field(default_factory=Ledger)
    over: Event = field(default_factory=Event)
    given_up: Event = field(default_factory=Event)
    """Set when the test has failed already."""
    error: BaseException | None = None
    note_usage: Callable[[], None] = lambda: None

    def until(self, promise: Callable[[], object], patience: float = PATIENCE) -> None:
        """Return when the condition holds. Fail when it does not come to hold, or when the workload broke down."""

        def settled() -> bool:
            if self.error is not None:
                raise self.error
            return bool(promise())

        eventually(settled, patience)

    def until_requests(self, number: int) -> None:
        """Return when so many more requests were answered, or failed."""
        before = len(self.ledger.entries)
        self.until(lambda: len(self.ledger.entries) >= before + number)

    def until_seconds(self, seconds: float) -> None:
        """Return after so many seconds of work."""
        until = monotonic() + seconds
        self.until(lambda: monotonic() >= until)

    def until_failing(self, kind: Kind | None = None) -> Entry:
        """Return a request that failed and was begun after this call."""
        now = monotonic()

        def failed() -> list[Entry]:
            entries = self.ledger.since(now)
            return [entry for entry in entries if entry.failed and kind in {None, entry.kind}]

        self.until(failed)
        return failed()[0]

    def until_working(self) -> None:
        """Return when requests of every kind have succeeded since this call, and there are no errors any more."""
        now = monotonic()

        def working() -> bool:
            entries = self.ledger.since(now)
            done = {entry.kind for entry in entries if entry.is_acknowledged}
            changed = not done.isdisjoint({Kind.GRANT, Kind.REVOKE})
            return changed and done >= NEEDED and not any(entry.failed for entry in entries[-QUIET_REQUESTS:])

        self.until(working)


@contextmanager
def workload(
    urls: Sequence[str], admin: Account, *, clients: int = 8, seed: int = 1, one_account: bool = False
) -> Iterator[Load]:
    """A workload on these nodes, which runs until the block ends. The admin changes the roles.

    Each client has an account of its own, or all have the same one.
    """
    load = Load()
    names = [f"person{seed}-{0 if one_account else number}" for number in range(clients)]
    thread = Thread(target=run, args=(load, urls, admin, names, seed))
    thread.start()
    try:
        yield load
    except BaseException:
        load.given_up.set()
        raise
    finally:
        load.over.set()
        thread.join()
    if load.error is not None:
        raise load.error


def run(load: Load, urls: Sequence[str], admin: Account, names: Sequence[str], seed: int) -> None:
    try:
        asyncio.run(people(load, urls, admin, names, seed))
    except BaseException as error:  # noqa: BLE001 raised again in the thread of the test
        load.error = error


async def people(load: Load, urls: Sequence[str], admin: Account, names: Sequence[str], seed: int) -> None:
    async with asyncio.TaskGroup() as group:
        for number, name in enumerate(names):
            turned = [*urls[number % len(urls) :], *urls[: number % len(urls)]]
            group.create_task(life(load, name, turned, admin.token, seed * 1_000 + number))


async def life(load: Load, name: str, urls: list[str], admin: str, seed: int) -> None:
    """Sign up, and then do one thing after another, drawn from the seed, until the workload is over."""
    chance = random.Random(seed)
    async with httpx2.AsyncClient(verify=False) as client:
        person = Person(name=name, client=client, urls=urls, admin=admin, ledger=load.ledger, chance=chance)
        await until_answered(person.sign_up, load.given_up)
        tour = list(TOUR)
        while not load.over.is_set():
            deed = tour.pop(0) if tour else chance.choices(list(DEEDS), list(DEEDS.values()))[0]
            await (deed(person) if person.access_token else person.sign_in())
            await asyncio.sleep(PAUSE_SECONDS)
        await until_answered(person.refresh if person.refresh_token else person.sign_in, load.given_up)


async def until_answered(ask: Callable[[], Awaitable[Entry]], given_up: Event) -> None:
    """Ask until there is an answer other than to come again. After long enough the oracle sees that there was none."""
    deadline = monotonic() + PATIENCE
    while (await ask()).failed and monotonic() < deadline and not given_up.is_set():
        await asyncio.sleep(PAUSE_SECONDS)
