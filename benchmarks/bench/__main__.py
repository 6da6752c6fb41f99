"""Measure Doorward beside its peers and its limits.

Usage: python -m bench full|quick [--only PART ...] [--to FOLDER] [--name NAME]
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import conduct, targets, throughput
from bench.contests import say
from bench.doorward import serving
from bench.people import PEOPLE
from bench.plan import CONNECTIONS, FULL, QUICK, Plan
from bench.plot import plot
from bench.report import Report, write
from support.mysql.distribution import cache_directory
from support.mysql.server import MySQLServer, Skipped

RESULTS = Path(__file__).parent.parent / "results"
AS_SHIPPED = ("--innodb-buffer-pool-size=1G",)
"""MySQL with its own durability, and memory enough for a million accounts."""

Part = Callable[[Plan, MySQLServer, Path, Report], None]


def contests(plan: Plan, mysql: MySQLServer, folder: Path, report: Report) -> None:
    report.contests, report.skipped = throughput.main_contests(plan, mysql, folder, cache_directory() / "peers")
    report.targets = [*report.targets, *targets.of_contests(report.contests)]


def matrix(plan: Plan, mysql: MySQLServer, folder: Path, report: Report) -> None:
    report.matrix = list(throughput.matrix(plan, mysql, folder))


def storms(plan: Plan, mysql: MySQLServer, folder: Path, report: Report) -> None:
    with serving(folder, mysql.fresh_database(), workers="1") as service:
        service.load_accounts(plan.tokens)
        report.storms = [conduct.storm(service, plan, clients) for clients in (CONNECTIONS, 1)]
        report.overload = conduct.overload(service, plan)
    report.targets = [
        *report.targets,
        *targets.of_overload(report.overload),
        *targets.of_storm(report.storms[0]),
    ]


def memory(plan: Plan, mysql: MySQLServer, folder: Path, report: Report) -> None:
    with serving(folder, mysql.fresh_database(), workers="1") as service:
        service.load_accounts(max(plan.tokens, PEOPLE + 1))
        report.memory = conduct.memory(service, plan)
        report.starts = conduct.starts(service, plan)
    report.targets = [*report.targets, *targets.of_memory(report.memory), *targets.of_starts(report.starts)]


def growth(plan: Plan, mysql: MySQLServer, folder: Path, report: Report) -> None:
    report.growth = conduct.growth(plan, mysql, folder)
    report.targets = [*report.targets, *targets.of_growth(report.growth)]


PARTS: dict[str, Part] = {
    "contests": contests,
    "matrix": matrix,
    "storms": storms,
    "memory": memory,
    "growth": growth,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("length", choices=["full", "quick"])
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), metavar="PART")
    parser.add_argument("--to", type=Path, default=RESULTS)
    parser.add_argument("--name", default="latest")
    given = parser.parse_args()
    plan = FULL if given.length == "full" else QUICK
    mysql = MySQLServer.find(AS_SHIPPED)
    if isinstance(mysql, Skipped):
        say(f"There is no MySQL: {mysql.reason}")
        return 1
    report = Report(mysql.product)
    try:
        with tempfile.TemporaryDirectory(prefix="doorward-bench-") as folder:
            for name in given.only:
                PARTS[name](plan, mysql, Path(folder) / name, report)
                write(report, given.to, given.name)
    finally:
        mysql.stop()
    if report.contests:
        plot(report.contests, given.to / f"{given.name}.svg")
    sys.stdout.write("\n".join(report.lines()) + "\n")
    say(f"\n{given.to / given.name}.json, .md and .svg were written. Errors: {report.errors}.")
    return 1 if report.errors else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is stopped
    sys.exit(main())
