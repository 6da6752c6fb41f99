"""Doorward in a storm of sign-ins, in overload, after many requests, at its start, and with many accounts."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from bench.contests import Contest, Run, log, median_ratio, run_contest, wait_until_idle
from bench.doorward import Service, bearer, role_guarded, serving, sign_in
from bench.mixed_load import CLIENTS, STEPS, MixedLoad, run_mixed_load
from bench.overload import Overload, offer
from bench.plan import Plan
from bench.process_stats import proportional_bytes
from bench.wrk import Load, Sample
from peers.accounts import username
from peers.calls import Call
from support.mysql.server import MySQLServer

BYTES_PER_MIB = 1 << 20
OVERLOAD_FACTOR = 2
GROWTH_CONNECTIONS = 8
FIRST_NEW_ACCOUNT = 20_000_000
"""The number of the first account that signs up in the mixed load."""
PRIME_STEP = 7_919
"""A prime number, so that steps of it reach every account in an order that is not the order of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """Guarded requests while the service is otherwise idle, and during a storm of sign-ins."""

    clients: int
    idle: Sequence[Sample]
    stormy: Sequence[Sample]
    sign_ins: Sequence[Sample]

    @property
    def p50(self) -> float | None:
        """The median latency during the storm divided by the one without it."""
        return median_ratio(self.stormy, self.idle, lambda sample: sample.p50)

    @property
    def p99(self) -> float | None:
        return median_ratio(self.stormy, self.idle, lambda sample: sample.p99)

    @property
    def errors(self) -> int:
        return sum(each.errors for each in (*self.idle, *self.stormy, *self.sign_ins))


def storm(service: Service, plan: Plan, clients: int, access_token: str) -> Storm:
    """Measure guarded requests of `clients` connections, in turn without and with a storm of sign-ins."""
    guarded = Load(url=service.url, pid=service.pid, calls=[role_guarded(access_token)], checks_bodies=False)
    sign_in_load = Load(url=service.url, pid=service.pid, calls=[sign_in(number) for number in range(plan.tokens)])
    idle, stormy, sign_ins = [], [], []
    with ThreadPoolExecutor(1) as background:
        for number in range(1, plan.storms + 1):
            idle.append(guarded.run(clients, plan.storm_seconds))
            storming = background.submit(sign_in_load.run, plan.connections, plan.storm_seconds + 1)
            stormy.append(guarded.run(clients, plan.storm_seconds))
            sign_ins.append(storming.result())
            wait_until_idle(service.url, sign_in(0))
            latencies = (
                f"p99 {idle[-1].p99:.1f} ms idle, {stormy[-1].p99:.1f} ms with {sign_ins[-1].rate:.0f} sign-ins/s"
            )
            log(f"storm, {clients} clients, {number}/{plan.storms}: {latencies}")
    return Storm(clients=clients, idle=idle, stormy=stormy, sign_ins=sign_ins)


def overload(service: Service, plan: Plan) -> Overload:
    """Measure the capacity for sign-ins, then send twice as many."""
    calls = [sign_in(number) for number in range(plan.tokens)]
    capacity = Load(url=service.url, pid=service.pid, calls=calls).run(plan.connections, plan.storm_seconds).rate
    wait_until_idle(service.url, sign_in(0))
    result = asyncio.run(offer(service.url, calls, OVERLOAD_FACTOR * capacity, plan.storm_seconds))
    wait_until_idle(service.url, sign_in(0))
    outcome = f"{len(result.granted)} granted, {len(result.refused)} rejected with 503"
    log(f"overload: {result.offered:.0f}/s offered, {outcome}")
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The PSS of all processes of a service in bytes, and the results of the mixed load."""

    idle: int
    after: int
    after_twice: int
    rate: float
    """Requests per second."""
    p50: dict[str, float]
    p99: dict[str, float]
    """Milliseconds, by kind of request."""
    errors: Sequence[str]


def memory(service: Service, plan: Plan) -> Memory:
    """Measure memory before the mixed load, after it, and after a second one.

    The service is restarted first, since only its first start creates the schema.
    """
    service.stop()
    service.start()
    *sessions, target = service.open_sessions(CLIENTS + 1)
    idle = proportional_bytes(service.pid)
    seconds, loads, after = 0.0, list[MixedLoad](), list[int]()
    for number in range(2):
        new_accounts = count(FIRST_NEW_ACCOUNT + number * plan.mixed_requests)
        load = MixedLoad(service.url, plan.mixed_requests, str(target.user.id), plan.tokens, new_accounts)
        start = perf_counter()
        asyncio.run(run_mixed_load(sessions, load))
        seconds += perf_counter() - start
        loads.append(load)
        after.append(proportional_bytes(service.pid))
        sessions = service.open_sessions(CLIENTS)
        log(f"mixed load: {load.done.total():,} requests, {after[-1] / BYTES_PER_MIB:.0f} MiB")
    milliseconds = {step: [ms for load in loads for ms in load.milliseconds[step]] for step in STEPS}
    return Memory(
        idle=idle,
        after=after[0],
        after_twice=after[1],
        rate=sum(load.done.total() for load in loads) / seconds,
        p50={step: median(each) for step, each in milliseconds.items() if each},
        p99={step: percentile(each, 99) for step, each in milliseconds.items() if each},
        errors=[error for load in loads for error in load.errors],
    )


def percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1] if len(values) > 1 else values[0]


def starts(service: Service, plan: Plan) -> list[float]:
    """Seconds from the command to the first answer, for starts that find an existing schema and keys."""
    seconds = []
    for _ in range(plan.starts):
        service.stop()
        seconds.append(service.start("--migrate"))
        log(f"start: {seconds[-1]:.2f} s")
    return seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    contests: Sequence[Contest]
    """The contestants are the same service with different numbers of accounts."""
    imported: dict[int, float]
    """Accounts imported per second, by number of accounts."""


def growth(plan: Plan, mysql: MySQLServer, folder: Path) -> Growth:
    """Measure requests about random accounts, with few accounts and with many."""
    imported: dict[int, float] = {}
    runs: dict[str, dict[str, Run]] = {}
    with ExitStack() as stack:
        for size in plan.account_counts:
            service = stack.enter_context(serving(folder / str(size), mysql.fresh_database(), workers="1"))
            imported[size] = size / service.load_accounts(size)
            log(f"growth: {size:,} accounts, {imported[size]:,.0f} per second")
            for name, calls in growth_calls(service, size, plan):
                load = Load(url=service.url, pid=service.pid, calls=calls)
                runs.setdefault(name, {})[f"{size:,}"] = load.run
        contests = [
            run_contest(name, each, plan, GROWTH_CONNECTIONS, plan.growth_rounds) for name, each in runs.items()
        ]
    return Growth(contests=contests, imported=imported)


def growth_calls(service: Service, size: int, plan: Plan) -> Iterator[tuple[str, list[Call]]]:
    """The calls of each growth contest, spread over the whole table."""
    sessions = service.open_sessions(min(size, plan.tokens))
    headers = bearer(sessions[0].access_token.value)
    numbers = [number * PRIME_STEP % size for number in range(min(size, plan.tokens))]
    yield (
        "look-up by name",
        [
            Call.getting(f"/api/admin/users?query={username(number)}&limit=1", headers, body_contains='"username"')
            for number in numbers
        ],
    )
    yield (
        "look-up by id",
        [Call.getting(f"/api/admin/users/{each.user.id}", headers, body_contains='"username"') for each in sessions],
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
            for each in sessions
        ],
    )
    yield "sign-in", [sign_in(number) for number in numbers]
