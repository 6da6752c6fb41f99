"""The goals of Doorward's performance, as ratios of figures from one run, and what a run reached."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.contests import Contest
from bench.overload import Overload
from bench.scenarios import BYTES_PER_MIB, Growth, Memory, Storm, percentile
from bench.schedule import DOORWARD, INTROSPECTION, MANY_TOKENS, OWN_ACCOUNT, ROLE_GUARDED
from bench.throughput import BARE_HANDLER, BARE_REFRESH, on_sqlite
from peers.catalogue import EXPRESS
from peers.servers import KRATOS

WITH_ARGON2_CFFI = f"{DOORWARD}, argon2-cffi"
MAX_GRANTED_P99_MS = 1_500
MAX_REJECTED_P99_MS = 250
MIN_IMPORTED_PER_SECOND = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    figure: str
    goal: str
    reached: float | None
    """None when one of the contestants was not measured."""
    met: bool | None
    unit: str = "x"


def at_least(figure: str, goal: float, reached: float | None) -> Target:
    met = None if reached is None else reached >= goal
    return Target(figure=figure, goal=f"at least {goal:g} x", reached=reached, met=met)


def at_most(figure: str, goal: float, reached: float | None, unit: str = "x") -> Target:
    met = None if reached is None else reached <= goal
    return Target(figure=figure, goal=f"at most {goal:g} {unit}".strip(), reached=reached, met=met, unit=unit)


def contest_targets(contests: Sequence[Contest]) -> Iterator[Target]:
    by_name: Mapping[str, Contest] = {contest.name: contest for contest in contests}
    guarded, many, sign_in, refresh = (by_name[name] for name in (ROLE_GUARDED, MANY_TOKENS, "sign-in", "refresh"))
    yield at_least("role-guarded GET against the tutorial's Express app", 25, guarded.ratio(DOORWARD, EXPRESS.name))
    yield at_least("role-guarded GET against a bare Litestar handler", 0.85, guarded.ratio(DOORWARD, BARE_HANDLER))
    yield at_least("the same with many tokens in turn", 0.75, many.ratio(DOORWARD, BARE_HANDLER))
    for name in (OWN_ACCOUNT, INTROSPECTION):
        yield at_least(f"{name} against a bare Litestar handler", 0.5, by_name[name].ratio(DOORWARD, BARE_HANDLER))
    yield at_least("sign-in against raw hashing, libsodium", 0.9, sign_in.ratio(DOORWARD, "raw libsodium"))
    yield at_least("sign-in against raw hashing, argon2-cffi", 0.9, sign_in.ratio(WITH_ARGON2_CFFI, "raw argon2-cffi"))
    yield at_least("sign-in against the Express app, libsodium", 2.4, sign_in.ratio(DOORWARD, EXPRESS.name))
    yield at_least("sign-in against the Express app, argon2-cffi", 1.6, sign_in.ratio(WITH_ARGON2_CFFI, EXPRESS.name))
    yield at_least("refresh against its two statements alone", 0.6, refresh.ratio(DOORWARD, BARE_REFRESH))


def sqlite_targets(contests: Sequence[Contest]) -> Iterator[Target]:
    by_name: Mapping[str, Contest] = {contest.name: contest for contest in contests}
    name = on_sqlite("refresh")
    yield at_least(f"{name} against Kratos' session extension", 0.75, by_name[name].ratio(DOORWARD, KRATOS.name))


def overload_targets(overload: Overload) -> Iterator[Target]:
    granted = percentile(overload.granted, 99) if overload.granted else math.inf
    yield at_most("sign-in at twice the capacity: p99 of those granted", MAX_GRANTED_P99_MS, granted, "ms")
    rejected = percentile(overload.refused, 99) if overload.refused else 0.0
    yield at_most("... p99 of those rejected with 503", MAX_REJECTED_P99_MS, rejected, "ms")
    yield at_most("... other answers", 0, float(len(overload.errors)), "")


def storm_targets(storm: Storm) -> Iterator[Target]:
    yield at_most("guarded GET in a storm of sign-ins against idle, p50", 1.1, storm.p50)
    yield at_most("guarded GET in a storm of sign-ins against idle, p99", 6, storm.p99)
    yield at_most("... errors", 0, float(storm.errors), "")


def memory_targets(memory: Memory) -> Iterator[Target]:
    yield at_most("memory after the mixed load, all processes", 115, memory.after / BYTES_PER_MIB, "MiB")
    grown = (memory.after_twice - memory.after) / BYTES_PER_MIB
    yield at_most("... growth after as many requests again", 5, grown, "MiB")


def start_targets(starts: Sequence[float]) -> Iterator[Target]:
    yield at_most("from the command to the first answer, second start", 1, median(starts), "s")


def growth_targets(growth: Growth) -> Iterator[Target]:
    """Compare the median latencies of the largest database with those of the smallest."""
    for contest in growth.contests:
        few, *_, many = contest.samples
        yield at_most(f"{contest.name} at {many} accounts against {few}", 1.15, contest.latency_ratio(many, few))
    slowest = min(growth.imported.values())
    yield Target(
        figure="accounts imported per second",
        goal=f"at least {MIN_IMPORTED_PER_SECOND}",
        reached=slowest,
        met=slowest >= MIN_IMPORTED_PER_SECOND,
        unit="",
    )
