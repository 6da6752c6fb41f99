"""Contests: all contestants do the same work in turn, so that a slow moment of the machine affects all of them."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter, sleep

from bench.plan import Plan, Rounds
from bench.wrk import Sample
from peers.calls import Call, ask

Run = Callable[[int, float], Sample]
"""Measures one contestant with this number of connections for this number of seconds."""

HASHING_CONTESTS = frozenset({"sign-in", "sign-up"})

MAX_IDLE_SIGN_IN_SECONDS = 0.5
"""A server that answers a sign-in within this time is not hashing for anybody else."""

MAX_IDLE_CHECKS = 100
SECONDS_BETWEEN_IDLE_CHECKS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    name: str
    connections: int
    samples: Mapping[str, Sequence[Sample]]
    """One sample per round, by contestant."""

    def rate(self, contestant: str) -> float | None:
        """Requests per second."""
        return self._median(contestant, lambda sample: sample.rate)

    def ratio(self, contestant: str, other: str) -> float | None:
        """The rate of `contestant` divided by the rate of `other`."""
        return median_ratio(self.samples.get(contestant, ()), self.samples.get(other, ()), lambda sample: sample.rate)

    def latency_ratio(self, contestant: str, other: str) -> float | None:
        """The median latency of `contestant` divided by that of `other`."""
        return median_ratio(self.samples.get(contestant, ()), self.samples.get(other, ()), lambda sample: sample.p50)

    def p50(self, contestant: str) -> float | None:
        return self._median(contestant, lambda sample: sample.p50)

    def p99(self, contestant: str) -> float | None:
        return self._median(contestant, lambda sample: sample.p99)

    def cpu(self, contestant: str) -> float | None:
        return self._median(contestant, lambda sample: sample.cpu or 0) or None

    def errors(self, contestant: str) -> int:
        return sum(sample.errors for sample in self.samples.get(contestant, ()))

    def _median(self, contestant: str, figure: Callable[[Sample], float]) -> float | None:
        """The median of the valid runs; None without any."""
        valid = [figure(sample) for sample in self.samples.get(contestant, ()) if is_valid(sample)]
        return median(valid) if valid else None


def is_valid(sample: Sample) -> bool:
    """Whether the run had answers and no error."""
    return sample.rate > 0 and not sample.errors


def median_ratio(
    samples: Sequence[Sample], others: Sequence[Sample], figure: Callable[[Sample], float]
) -> float | None:
    """The median of the rounds' ratios; None without a round in which both runs are valid.

    Runs of one round are close in time, so a slow moment of the machine affects both.
    """
    pairs = [(one, other) for one, other in zip(samples, others, strict=False) if is_valid(one) and is_valid(other)]
    return median(figure(one) / figure(other) for one, other in pairs) if pairs else None


def run_contest(name: str, runs: Mapping[str, Run], plan: Plan, connections: int, rounds: Rounds) -> Contest:
    """Run all contestants in turn, round by round.

    A server that was idle is warmed up before each run. Hashing needs this only once, since idle time does not slow it.
    """
    samples: dict[str, list[Sample]] = {contestant: [] for contestant in runs}
    hashing = name in HASHING_CONTESTS
    seconds, repetitions = (plan.hashing_run_seconds, rounds.hashing) if hashing else (plan.run_seconds, rounds.short)
    for number in range(1, repetitions + 1):
        for contestant, run in runs.items():
            if plan.warm_up_seconds and (number == 1 or not hashing):
                run(connections, plan.warm_up_seconds)
            sample = run(connections, seconds)
            samples[contestant].append(sample)
            rejected = f", {sample.refused} rejected with 503" if sample.refused else ""
            errors = f", {sample.errors} ERRORS" if sample.errors else ""
            result = f"{contestant} {sample.rate:,.0f}/s{rejected}{errors}"
            log(f"{name}, {connections} connections, {number}/{repetitions}: {result}")
    return Contest(name=name, connections=connections, samples=samples)


def wait_until_idle(url: str, sign_in: Call) -> None:
    """Return when a server has computed the hashes for clients that have disconnected."""
    for _ in range(MAX_IDLE_CHECKS):
        start = perf_counter()
        if sign_in.accepts(ask(url, sign_in)) and perf_counter() - start < MAX_IDLE_SIGN_IN_SECONDS:
            return
        sleep(SECONDS_BETWEEN_IDLE_CHECKS)


def log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
