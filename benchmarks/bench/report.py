"""One run as text, as JSON and as a picture."""

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

from bench.conduct import MIB, Growth, Memory, Storm, percentile
from bench.contests import Contest
from bench.overload import Overload
from bench.targets import Target
from bench.throughput import OURS
from peers.catalogue import PEERS

THOUSAND = 1_000
PACKAGES = ("litestar", "granian", "sqlalchemy", "asyncmy", "pyjwt", "argon2-cffi", "pynacl")


@dataclass(slots=True)
class Report:
    database: str
    contests: Sequence[Contest] = ()
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
        """Whoever made them; and contests that Doorward gave no answer in."""
        held = [*self.contests, *self.matrix, *(self.growth.contests if self.growth else ())]
        return (
            sum(sample.errors for each in held for samples in each.samples.values() for sample in samples)
            + sum(each.rate(OURS) is None for each in self.contests)
            + sum(each.errors for each in self.storms)
            + (len(self.overload.errors) if self.overload else 0)
            + (len(self.memory.errors) if self.memory else 0)
        )

    def as_json(self) -> dict[str, Any]:
        return {"about": about(self.database), **{name: plain(value) for name, value in asdict(self).items()}}

    def lines(self) -> Iterator[str]:
        """Markdown, fit for a terminal, too."""
        yield from heading("Targets", ("figure", "goal", "reached", ""))
        yield from map(target_row, self.targets)
        for contest in self.contests:
            yield from table(contest, OURS)
        for contest in self.matrix:
            yield from table(contest, None)
        yield from self._conduct()
        for name, cause in self.skipped.items():
            yield f"\nLEFT OUT: {name}: {cause}"

    def _conduct(self) -> Iterator[str]:
        for storm in self.storms:
            yield from stormy(storm)
        if self.overload:
            yield from heading("Twice as many sign-ins as there can be", ("", "answers", "p50 ms", "p99 ms"))
            for name, times in {"granted": self.overload.granted, "come again": self.overload.refused}.items():
                if times:
                    yield row(name, len(times), f"{percentile(times, 50):.0f}", f"{percentile(times, 99):.0f}")
        if self.memory:
            yield from heading("The mixed load", ("request", "p50 ms", "p99 ms"))
            for step, p50 in self.memory.p50.items():
                yield row(step, f"{p50:.1f}", f"{self.memory.p99[step]:.1f}")
            held = (self.memory.idle, self.memory.after, self.memory.after_twice)
            idle, after, twice = (f"{each / MIB:.0f} MiB" for each in held)
            yield f"\n{self.memory.rate:,.0f} requests/s; {idle} idle, {after} afterwards, {twice} after as many more."
        if self.growth:
            for contest in self.growth.contests:
                yield from table(contest, None)


def target_row(target: Target) -> str:
    reached = "not measured" if target.reached is None else f"{digits(target.reached)} {target.unit}".strip()
    return row(target.figure, target.goal, reached, {True: "met", False: "SHORT", None: "-"}[target.met])


def digits(value: float) -> str:
    """Three digits of it, or all before the point."""
    return f"{value:,.0f}" if value >= THOUSAND else f"{value:.3g}"


def table(contest: Contest, reference: str | None) -> Iterator[str]:
    heads = ("", "requests/s", "ratio", "p50 ms", "p99 ms", "CPU µs")
    yield from heading(f"{contest.name}, {contest.connections} at once", heads)
    base = reference if reference and reference in contest.samples else next(iter(contest.samples))
    for name in contest.samples:
        rate, ratio = contest.rate(name), contest.ratio(name, base)
        if rate is None or ratio is None:
            errors = contest.errors(name)
            yield row(name, f"{errors} errors" if errors else "no answer in time", "", "", "", "")
            continue
        p50, p99, cpu = contest.p50(name), contest.p99(name), contest.cpu(name)
        times = (f"{p50:.2f}", f"{p99:.1f}") if p50 and p99 else ("", "")
        yield row(name, f"{rate:,.0f}", f"{ratio:.3g}", *times, f"{cpu:,.0f}" if cpu else "")


def stormy(storm: Storm) -> Iterator[str]:
    columns = ("", "requests/s", "p50 ms", "p99 ms")
    yield from heading(f"Role-guarded GET of {storm.clients} at once, in a storm of sign-ins", columns)
    for name, samples in {"idle": storm.idle, "stormy": storm.stormy, "the sign-ins": storm.sign_ins}.items():
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
    """Without keys and floats that JSON has no word for, and without more digits than mean something."""
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
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(report.as_json(), indent=1) + "\n")
    (folder / f"{name}.md").write_text("\n".join(report.lines()).strip() + "\n")
