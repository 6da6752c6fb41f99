"""The results of one benchmark as Markdown and as JSON."""

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from bench.contests import Contest
from bench.overload import Overload
from bench.scenarios import BYTES_PER_MIB, Growth, Memory, Storm, percentile
from bench.schedule import DOORWARD
from bench.targets import Target
from peers.catalogue import PEERS

FIRST_VALUE_IN_FULL = 1_000
PACKAGES = ("litestar", "granian", "sqlalchemy", "asyncmy", "pyjwt", "argon2-cffi", "pynacl")


@dataclass(slots=True)
class Report:
    database: str
    contests: Sequence[Contest] = ()
    sqlite: Sequence[Contest] = ()
    """Doorward on SQLite beside the peers that have SQLite inside."""
    matrix: Sequence[Contest] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    storms: Sequence[Storm] = ()
    overload: Overload | None = None
    memory: Memory | None = None
    starts: Sequence[float] = ()
    growth: Growth | None = None
    targets: Sequence[Target] = ()

    @property
    def errors(self) -> int:
        """The number of errors of all contestants, and of contests in which Doorward has no valid run."""
        contests = [*self.contests, *self.sqlite, *self.matrix, *(self.growth.contests if self.growth else ())]
        return (
            sum(sample.errors for each in contests for samples in each.samples.values() for sample in samples)
            + sum(each.rate(DOORWARD) is None for each in (*self.contests, *self.sqlite))
            + sum(each.errors for each in self.storms)
            + (len(self.overload.errors) if self.overload else 0)
            + (len(self.memory.errors) if self.memory else 0)
        )

    def as_json(self) -> dict[str, Any]:
        return {"about": about(self.database), **{name: plain(value) for name, value in asdict(self).items()}}

    def lines(self) -> Iterator[str]:
        """The report as lines of Markdown."""
        yield from heading("Targets", ("figure", "goal", "reached", ""))
        yield from map(target_row, self.targets)
        for contest in (*self.contests, *self.sqlite):
            yield from table(contest, DOORWARD)
        for contest in self.matrix:
            yield from table(contest, None)
        yield from self._scenarios()
        for name, cause in self.skipped.items():
            yield f"\nSKIPPED: {name}: {cause}"

    def _scenarios(self) -> Iterator[str]:
        for storm in self.storms:
            yield from storm_table(storm)
        if self.overload:
            yield from heading("Sign-ins at twice the capacity", ("", "answers", "p50 ms", "p99 ms"))
            for name, times in {"granted": self.overload.granted, "rejected with 503": self.overload.refused}.items():
                if times:
                    yield row(name, len(times), f"{percentile(times, 50):.0f}", f"{percentile(times, 99):.0f}")
        if self.memory:
            yield from heading("The mixed load", ("request", "p50 ms", "p99 ms"))
            for step, p50 in self.memory.p50.items():
                yield row(step, f"{p50:.1f}", f"{self.memory.p99[step]:.1f}")
            sizes = (self.memory.idle, self.memory.after, self.memory.after_twice)
            idle, after, twice = (f"{each / BYTES_PER_MIB:.0f} MiB" for each in sizes)
            memory = f"{idle} idle, {after} after it, {twice} after as many requests again"
            yield f"\n{self.memory.rate:,.0f} requests/s; {memory}."
        if self.growth:
            for contest in self.growth.contests:
                yield from table(contest, None)


def target_row(target: Target) -> str:
    reached = "not measured" if target.reached is None else f"{digits(target.reached)} {target.unit}".strip()
    return row(target.figure, target.goal, reached, {True: "met", False: "MISSED", None: "-"}[target.met])


def digits(value: float) -> str:
    """Three significant digits, or all digits of the whole number from 1,000."""
    return f"{value:,.0f}" if value >= FIRST_VALUE_IN_FULL else f"{value:.3g}"


def table(contest: Contest, reference: str | None) -> Iterator[str]:
    columns = ("", "requests/s", "ratio", "p50 ms", "p99 ms", "CPU µs")
    yield from heading(f"{contest.name}, {contest.connections} connections", columns)
    base = reference if reference and reference in contest.samples else next(iter(contest.samples))
    for name in contest.samples:
        rate, ratio = contest.rate(name), contest.ratio(name, base)
        if rate is None or ratio is None:
            errors = contest.errors(name)
            yield row(name, f"{errors} errors" if errors else "no answer", "", "", "", "")
            continue
        p50, p99, cpu = contest.p50(name), contest.p99(name), contest.cpu(name)
        latencies = (f"{p50:.2f}", f"{p99:.1f}") if p50 and p99 else ("", "")
        yield row(name, f"{rate:,.0f}", f"{ratio:.3g}", *latencies, f"{cpu:,.0f}" if cpu else "")


def storm_table(storm: Storm) -> Iterator[str]:
    columns = ("", "requests/s", "p50 ms", "p99 ms")
    clients = "1 connection" if storm.clients == 1 else f"{storm.clients} connections"
    yield from heading(f"Role-guarded GET, {clients}, in a storm of sign-ins", columns)
    for name, samples in {"idle": storm.idle, "in the storm": storm.stormy, "the sign-ins": storm.sign_ins}.items():
        medians = (median(each) for each in zip(*((one.rate, one.p50, one.p99) for one in samples), strict=True))
        yield row(name, *(f"{each:,.2f}" for each in medians))


def heading(title: str, columns: Sequence[str]) -> Iterator[str]:
    yield f"\n### {title}\n"
    yield row(*columns)
    yield row(*("---" for _ in columns))


def row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def about(database: str) -> dict[str, Any]:
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "database": database,
        "packages": {name: version(name) for name in PACKAGES},
        "peers": {
            peer.name: {
                "title": peer.title,
                "hashing": peer.hashing,
                "guarding": peer.guarding,
                "revoking": peer.revoking,
                "packages": peer.versions,
            }
            for peer in PEERS
        },
    }


def plain(value: Any) -> Any:
    """A value as JSON can hold it, with string keys and five significant digits."""
    match value:
        case dict():
            return {str(key): plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case float():
            return float(f"{value:.5g}")
        case _:
            return value


def write(report: Report, folder: Path, name: str) -> None:
    """Write NAME.json, and NAME.md with the tables of the same rounded figures."""
    folder.mkdir(parents=True, exist_ok=True)
    document = report.as_json()
    (folder / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    (folder / f"{name}.md").write_text(markdown(document))


def markdown(document: Mapping[str, Any]) -> str:
    """The tables of a report that `as_json` returned."""
    return "\n".join(msgspec.convert(document, Report, strict=False).lines()).strip() + "\n"
