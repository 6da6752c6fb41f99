"""What Doorward is meant to reach, as ratios of figures from one run, and what it did reach."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.conduct import MIB, Growth, Memory, Storm, percentile
from bench.contests import Contest
from bench.overload import Overload
from bench.throughput import BARE, BARE_REFRESH, GUARDED, MANY_TOKENS, OURS
from peers.catalogue import EXPRESS

ARGON2_CFFI = f"{OURS}, argon2-cffi"
PROMISED_MS = 1_500
AT_ONCE_MS = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    figure: str
    goal: str
    reached: float | None
    """None when somebody who is needed for it was not there."""
    met: bool | None
    unit: str = "x"


def at_least(figure: str, goal: float, reached: float | None) -> Target:
    met = None if reached is None else reached >= goal
    return Target(figure=figure, goal=f"at least {goal:g} x", reached=reached, met=met)


def at_most(figure: str, goal: float, reached: float | None, unit: str = "x") -> Target:
    met = None if reached is None else reached <= goal
    return Target(figure=figure, goal=f"at most {goal:g} {unit}".strip(), reached=reached, met=met, unit=unit)


def of_contests(contests: Sequence[Contest]) -> Iterator[Target]:
    by_name: Mapping[str, Contest] = {contest.name: contest for contest in contests}
    guarded, many, sign_in, refresh = (by_name[name] for name in (GUARDED, MANY_TOKENS, "sign-in", "refresh"))
    yield at_least("role-guarded GET against the tutorial's Express app", 25, guarded.ratio(OURS, EXPRESS.name))
    yield at_least("role-guarded GET against a bare Litestar handler", 0.85, guarded.ratio(OURS, BARE))
    yield at_least("the same with many tokens in turn", 0.75, many.ratio(OURS, BARE))
    yield at_least("sign-in against raw hashing, libsodium", 0.9, sign_in.ratio(OURS, "raw libsodium"))
    yield at_least("sign-in against raw hashing, argon2-cffi", 0.9, sign_in.ratio(ARGON2_CFFI, "raw argon2-cffi"))
    yield at_least("sign-in against the Express app, libsodium", 2.4, sign_in.ratio(OURS, EXPRESS.name))
    yield at_least("sign-in against the Express app, argon2-cffi", 1.6, sign_in.ratio(ARGON2_CFFI, EXPRESS.name))
    yield at_least("refresh against its two statements alone", 0.6, refresh.ratio(OURS, BARE_REFRESH))


def of_overload(overload: Overload) -> Iterator[Target]:
    granted = percentile(overload.granted, 99) if overload.granted else math.inf
    yield at_most("sign-in at twice the capacity: p99 of those let in", PROMISED_MS, granted, "ms")
    refused = percentile(overload.refused, 99) if overload.refused else 0.0
    yield at_most("... p99 of those told to come again", AT_ONCE_MS, refused, "ms")
    yield at_most("... other answers", 0, float(len(overload.errors)), "")


def of_storm(storm: Storm) -> Iterator[Target]:
    yield at_most("guarded GET in a storm of sign-ins against idle, p50", 1.1, storm.p50)
    yield at_most("guarded GET in a storm of sign-ins against idle, p99", 6, storm.p99)
    yield at_most("... errors", 0, float(storm.errors), "")


def of_memory(memory: Memory) -> Iterator[Target]:
    yield at_most("memory after the mixed load, all processes", 115, memory.after / MIB, "MiB")
    yield at_most("... grown by as many requests more", 5, (memory.after_twice - memory.after) / MIB, "MiB")


def of_starts(starts: Sequence[float]) -> Iterator[Target]:
    yield at_most("from the command to the first answer, second start", 1, median(starts), "s")


def of_growth(growth: Growth) -> Iterator[Target]:
    """The most accounts against the fewest; by the time that an answer takes."""
    for contest in growth.contests:
        few, *_, many = contest.samples
        yield at_most(f"{contest.name} at {many} accounts against {few}", 1.15, contest.slower(many, few))
    yield Target(
        figure="accounts imported in a second",
        goal="at least 5000",
        reached=min(growth.imported.values()),
        met=min(growth.imported.values()) >= 5_000,
        unit="",
    )
