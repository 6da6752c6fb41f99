"""Contests: the same work for all contestants, in turn, so that a noisy minute is everybody's."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter, sleep

from bench.plan import Plan, Rounds
from bench.wrk import Sample
from peers.calls import Call, ask

Run = Callable[[int, float], Sample]
"""Of so many connections, for so many seconds."""

HASHING = frozenset({"sign-in", "sign-up"})
"""Contests in which passwords are hashed."""

QUICKLY = 0.5
"""Seconds in which a server that has nothing else to do lets somebody in."""

MOST_TRIES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    name: str
    connections: int
    samples: Mapping[str, Sequence[Sample]]
    """By contestant, a sample for each round."""

    def rate(self, contestant: str) -> float | None:
        return self._median(contestant, lambda sample: sample.rate)

    def ratio(self, contestant: str, other: str) -> float | None:
        """Of their rates."""
        return paired(self.samples.get(contestant, ()), self.samples.get(other, ()), lambda sample: sample.rate)

    def slower(self, contestant: str, other: str) -> float | None:
        """By how much half of its answers take longer."""
        return paired(self.samples.get(contestant, ()), self.samples.get(other, ()), lambda sample: sample.p50)

    def p50(self, contestant: str) -> float | None:
        return self._median(contestant, lambda sample: sample.p50)

    def p99(self, contestant: str) -> float | None:
        return self._median(contestant, lambda sample: sample.p99)

    def cpu(self, contestant: str) -> float | None:
        return self._median(contestant, lambda sample: sample.cpu or 0) or None

    def errors(self, contestant: str) -> int:
        return sum(sample.errors for sample in self.samples.get(contestant, ()))

    def _median(self, contestant: str, figure: Callable[[Sample], float]) -> float | None:
        """Of the runs that had answers and no error; None without any."""
        counted = [figure(sample) for sample in self.samples.get(contestant, ()) if counts(sample)]
        return median(counted) if counted else None


def counts(sample: Sample) -> bool:
    return sample.rate > 0 and not sample.errors


def paired(ones: Sequence[Sample], others: Sequence[Sample], figure: Callable[[Sample], float]) -> float | None:
    """The median of the rounds' ratios: who was slowed down in one round is compared with who was slowed down, too."""
    both = [(one, other) for one, other in zip(ones, others, strict=False) if counts(one) and counts(other)]
    return median(figure(one) / figure(other) for one, other in both) if both else None


def contest(name: str, runs: Mapping[str, Run], plan: Plan, connections: int, rounds: Rounds) -> Contest:
    """What rested while the others had their turn is warmed up for each of its own; to hash takes as long as ever."""
    samples: dict[str, list[Sample]] = {contestant: [] for contestant in runs}
    hashing = name in HASHING
    seconds, times = (plan.hashing_seconds, rounds.hashing) if hashing else (plan.seconds, rounds.short)
    for number in range(1, times + 1):
        for contestant, run in runs.items():
            if plan.warm_up and (number == 1 or not hashing):
                run(connections, plan.warm_up)
            sample = run(connections, seconds)
            samples[contestant].append(sample)
            refused = f", {sample.refused} told to come again" if sample.refused else ""
            errors = f", {sample.errors} ERRORS" if sample.errors else ""
            said = f"{contestant} {sample.rate:,.0f}/s{refused}{errors}"
            say(f"{name}, {connections} at once, {number}/{times}: {said}")
    return Contest(name=name, connections=connections, samples=samples)


def settle(url: str, sign_in: Call) -> None:
    """Return when a server is done with the passwords that clients which left have asked about."""
    for _ in range(MOST_TRIES):
        began = perf_counter()
        if sign_in.is_met_by(ask(url, sign_in)) and perf_counter() - began < QUICKLY:
            return
        sleep(QUICKLY / 10)


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
