"""How Doorward behaves: in a storm of sign-ins, beyond its capacity, after much work, at its start, and with many
accounts."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from bench.contests import Contest, Run, contest, paired, say, settle
from bench.doorward import (
    Service,
    bearer,
    role_guarded,
    serving,
    sign_in,
)
from bench.overload import Overload, offered
from bench.people import PEOPLE, STEPS, Crowd, working
from bench.plan import CONNECTIONS, Plan
from bench.readings import proportional_bytes
from bench.wrk import Load, Sample
from peers.calls import Call
from peers.catalogue import username
from support.mysql.server import MySQLServer

MIB = 1 << 20
TWICE = 2
GROWTH_CONNECTIONS = 8
FRESH = 20_000_000
"""From here on people sign up in the mixed load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """Guarded requests of so many clients when nothing else happens, and in a storm of sign-ins."""

    clients: int
    idle: Sequence[Sample]
    stormy: Sequence[Sample]
    sign_ins: Sequence[Sample]

    @property
    def p50(self) -> float | None:
        """Storm against idle."""
        return paired(self.stormy, self.idle, lambda sample: sample.p50)

    @property
    def p99(self) -> float | None:
        return paired(self.stormy, self.idle, lambda sample: sample.p99)

    @property
    def errors(self) -> int:
        return sum(each.errors for each in (*self.idle, *self.stormy, *self.sign_ins))


def storm(service: Service, plan: Plan, clients: int) -> Storm:
    token = service.open_sessions(1)[0].access_token.value
    guarded = Load(url=service.url, pid=service.pid, calls=[role_guarded(token)], looks=False)
    people = Load(url=service.url, pid=service.pid, calls=[sign_in(number) for number in range(plan.tokens)])
    idle, stormy, sign_ins = [], [], []
    with ThreadPoolExecutor(1) as beside:
        for number in range(1, plan.storms + 1):
            idle.append(guarded.run(clients, plan.storm))
            storming = beside.submit(people.run, CONNECTIONS, plan.storm + 1)
            stormy.append(guarded.run(clients, plan.storm))
            sign_ins.append(storming.result())
            settle(service.url, sign_in(0))
            times = f"p99 {idle[-1].p99:.1f} ms idle, {stormy[-1].p99:.1f} ms among {sign_ins[-1].rate:.0f} sign-ins/s"
            say(f"storm, {clients} clients, {number}/{plan.storms}: {times}")
    return Storm(clients=clients, idle=idle, stormy=stormy, sign_ins=sign_ins)


def overload(service: Service, plan: Plan) -> Overload:
    """Twice as many sign-ins as are granted at most."""
    calls = [sign_in(number) for number in range(plan.tokens)]
    capacity = Load(url=service.url, pid=service.pid, calls=calls).run(CONNECTIONS, plan.storm).rate
    settle(service.url, sign_in(0))
    came = asyncio.run(offered(service.url, calls, TWICE * capacity, plan.storm))
    settle(service.url, sign_in(0))
    say(f"overload: {came.offered:.0f}/s offered, {len(came.granted)} granted, {len(came.refused)} told to come again")
    return came


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """PSS of all processes of a service, in bytes; and the mixed load that it was under."""

    idle: int
    after: int
    after_twice: int
    rate: float
    """Requests a second."""
    p50: dict[str, float]
    p99: dict[str, float]
    """Milliseconds, by kind of request."""
    errors: Sequence[str]


def memory(service: Service, plan: Plan) -> Memory:
    """Of a start that finds its schema, as all but the first do."""
    service.stop()
    service.start()
    people = service.open_sessions(PEOPLE + 1)
    whom, people = str(people[-1].user.id), people[:-1]
    idle = proportional_bytes(service.pid)
    took, crowds, after = 0.0, list[Crowd](), list[int]()
    for number in range(2):
        work = working(service.url, people, plan.mixed, plan.tokens, whom, FRESH + number * plan.mixed)
        began = perf_counter()
        crowds.append(asyncio.run(work))
        took += perf_counter() - began
        after.append(proportional_bytes(service.pid))
        people = service.open_sessions(PEOPLE)
        say(f"mixed load: {crowds[-1].done.total():,} requests, {after[-1] / MIB:.0f} MiB")
    times = {step: [ms for crowd in crowds for ms in crowd.milliseconds[step]] for step in STEPS}
    return Memory(
        idle=idle,
        after=after[0],
        after_twice=after[1],
        rate=sum(crowd.done.total() for crowd in crowds) / took,
        p50={step: median(each) for step, each in times.items() if each},
        p99={step: percentile(each, 99) for step, each in times.items() if each},
        errors=[error for crowd in crowds for error in crowd.errors],
    )


def percentile(values: Sequence[float], which: int) -> float:
    return quantiles(values, n=100)[which - 1] if len(values) > 1 else values[0]


def starts(service: Service, plan: Plan) -> list[float]:
    """Seconds from the command to the first answer, each of a start that finds what an earlier one made."""
    took = []
    for _ in range(plan.starts):
        service.stop()
        took.append(service.start("--migrate"))
        say(f"start: {took[-1]:.2f} s")
    return took


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    contests: Sequence[Contest]
    """By how many accounts there are."""
    imported: dict[int, float]
    """Accounts a second, by how many there were."""


def growth(plan: Plan, mysql: MySQLServer, folder: Path) -> Growth:
    """What is asked of accounts at random, among few and among many."""
    imported: dict[int, float] = {}
    runs: dict[str, dict[str, Run]] = {}
    with ExitStack() as stack:
        for size in plan.sizes:
            service = stack.enter_context(serving(folder / str(size), mysql.fresh_database(), workers="1"))
            imported[size] = size / service.load_accounts(size)
            say(f"growth: {size:,} accounts, {imported[size]:,.0f} a second")
            for name, calls in asked(service, size, plan):
                load = Load(url=service.url, pid=service.pid, calls=calls)
                runs.setdefault(name, {})[f"{size:,}"] = load.run
        held = [contest(name, each, plan, GROWTH_CONNECTIONS, plan.growth_rounds) for name, each in runs.items()]
    return Growth(contests=held, imported=imported)


def asked(service: Service, size: int, plan: Plan) -> Iterator[tuple[str, list[Call]]]:
    """Of accounts all over the table, in no order that storage would like."""
    people = service.open_sessions(min(size, plan.tokens))
    headers = bearer(people[0].access_token.value)
    numbers = [number * 7_919 % size for number in range(min(size, plan.tokens))]
    yield (
        "look-up by name",
        [
            Call.getting(f"/api/admin/users?query={username(number)}&limit=1", headers, body_contains='"username"')
            for number in numbers
        ],
    )
    yield (
        "look-up by id",
        [Call.getting(f"/api/admin/users/{each.user.id}", headers, body_contains='"username"') for each in people],
    )
    yield (
        "page of 50",
        [
            Call.getting(f"/api/admin/users?after={username(number)}&limit=50", headers, body_contains='"users":[')
            for number in numbers
        ],
    )
    yield (
        "own sessions",
        [
            Call.getting("/api/account/sessions", bearer(each.access_token.value), body_contains='"current":true')
            for each in people
        ],
    )
    yield "sign-in", [sign_in(number) for number in numbers]
