"""Measure Doorward, its peers and the limits of the machine.

Usage: python -m bench full|quick [--only PART ...] [--without PEER ...] [--to FOLDER] [--name NAME]
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from bench import scenarios, targets, throughput
from bench.contests import log
from bench.doorward import serving
from bench.mixed_load import CLIENTS
from bench.plan import FULL, QUICK, Plan
from bench.plot import plot
from bench.report import Report, write
from bench.targets import Target
from peers.catalogue import PEERS
from peers.peer import Peer
from support.mysql.distribution import cache_directory
from support.mysql.server import MySQLServer, Skipped

PEERS_CACHE = cache_directory() / "peers"
RESULTS = Path(__file__).parent.parent / "results"
MYSQL_OPTIONS = ("--innodb-buffer-pool-size=1G",)
"""Enough memory for a million accounts. Durability keeps MySQL's default: a commit is on the disk."""

Part = Callable[[Plan, MySQLServer, Path, Report], Iterator[Target]]
"""Measures, fills its fields of the report, and yields its targets."""


def measured_peers(report: Report) -> list[Peer]:
    return [peer for peer in PEERS if peer.name not in report.skipped]


def contests(plan: Plan, mysql: MySQLServer, folder: Path, report: Report) -> Iterator[Target]:
    report.contests, skipped = throughput.main_contests(plan, mysql, folder, PEERS_CACHE, measured_peers(report))
    report.skipped = {**report.skipped, **skipped}
    yield from targets.contest_targets(report.contests)


def sqlite(plan: Plan, _: MySQLServer, folder: Path, report: Report) -> Iterator[Target]:
    report.sqlite, skipped = throughput.sqlite_contests(plan, folder, PEERS_CACHE, measured_peers(report))
    report.skipped = {**report.skipped, **skipped}
    yield from targets.sqlite_targets(report.sqlite)


def matrix(plan: Plan, mysql: MySQLServer, folder: Path, report: Report) -> Iterator[Target]:
    report.matrix = list(throughput.matrix(plan, mysql, folder))
    yield from ()


def storms(plan: Plan, mysql: MySQLServer, folder: Path, report: Report) -> Iterator[Target]:
    with serving(folder, mysql.fresh_database(), workers="1") as service:
        service.load_accounts(plan.tokens)
        token = service.open_sessions(1)[0].access_token.value
        report.storms = [scenarios.storm(service, plan, clients, token) for clients in (plan.connections, 1)]
        report.overload = scenarios.overload(service, plan)
    yield from targets.overload_targets(report.overload)
    yield from targets.storm_targets(report.storms[0])


def memory(plan: Plan, mysql: MySQLServer, folder: Path, report: Report) -> Iterator[Target]:
    with serving(folder, mysql.fresh_database(), workers="1") as service:
        service.load_accounts(max(plan.tokens, CLIENTS + 1))
        report.memory = scenarios.memory(service, plan)
        report.starts = scenarios.starts(service, plan)
    yield from targets.memory_targets(report.memory)
    yield from targets.start_targets(report.starts)


def growth(plan: Plan, mysql: MySQLServer, folder: Path, report: Report) -> Iterator[Target]:
    report.growth = scenarios.growth(plan, mysql, folder)
    yield from targets.growth_targets(report.growth)


PARTS: dict[str, Part] = {
    "contests": contests,
    "sqlite": sqlite,
    "matrix": matrix,
    "storms": storms,
    "memory": memory,
    "growth": growth,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("length", choices=["full", "quick"])
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), metavar="PART")
    without = [peer.name for peer in PEERS]
    parser.add_argument("--without", nargs="+", choices=without, default=[], metavar="PEER", help=", ".join(without))
    parser.add_argument("--to", type=Path, default=RESULTS)
    parser.add_argument("--name", default="latest")
    given = parser.parse_args()
    plan = FULL if given.length == "full" else QUICK
    mysql = MySQLServer.find(MYSQL_OPTIONS)
    if isinstance(mysql, Skipped):
        log(f"There is no MySQL: {mysql.reason}")
        return 1
    report = Report(mysql.product, skipped=dict.fromkeys(given.without, "--without names it"))
    try:
        with tempfile.TemporaryDirectory(prefix="doorward-bench-") as folder, ExitStack() as stack:
            run = stack.enter_context(ThreadPoolExecutor(2)).map if plan.two_parts_at_once else map
            for found in run(lambda name: list(PARTS[name](plan, mysql, Path(folder) / name, report)), given.only):
                report.targets = [*report.targets, *found]
                write(report, given.to, given.name)
    finally:
        mysql.stop()
    if compared := [*report.contests, *report.sqlite]:
        plot(compared, given.to / f"{given.name}.svg")
    sys.stdout.write("\n".join(report.lines()) + "\n")
    log(f"\n{given.to / given.name}.json, .md and .svg were written. Errors: {report.errors}.")
    return 1 if report.errors else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # an exception, so that the servers are stopped
    sys.exit(main())
