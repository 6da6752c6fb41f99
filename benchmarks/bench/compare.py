"""Compare this version of Doorward with another revision of its Git history.

Usage: python -m bench.compare REVISION [--rounds N] [--only CONTEST ...]

The other revision is checked out and installed below the cache directory, once. Both versions run at the same time,
each with its own database, and get requests in turn. A ratio is the median of the rounds: this version divided by the
other one.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import sleep
from typing import TypeVar

from bench import scenarios
from bench.contests import Run, log, run_contest
from bench.doorward import PUBLIC, Service, introspect, own_account, role_guarded, serving, sign_in
from bench.plan import FULL, Plan, Rounds
from bench.process_stats import proportional_bytes
from bench.report import digits, heading, row, table
from bench.schedule import HashingLoad
from bench.throughput import RefreshLoad
from bench.wrk import Load
from peers.calls import ask
from support.mysql.distribution import cache_directory
from support.mysql.server import MySQLServer, Skipped
from support.programs.command_line import DOORWARD
from support.readme import PROJECT

THIS, OTHER = "this version", "the other version"
CONTESTS = ("public GET", "role-guarded GET", "GET /api/account", "introspection", "refresh", "sign-in")
ACCOUNTS = 400
SIGN_IN_THREADS = 4
SECONDS_BEFORE_MEMORY = 2


@dataclass(slots=True)
class SignedInAccounts:
    """Opens sessions over HTTP, account by account, because any version of Doorward can do that."""

    service: Service
    numbers: Iterator[int]

    def open(self, count: int) -> list[Mapping[str, str]]:
        """The answers to `count` sign-ins."""
        with ThreadPoolExecutor(SIGN_IN_THREADS) as clients:
            return list(clients.map(self._sign_in, islice(self.numbers, count)))

    def refresh_tokens(self, count: int) -> list[str]:
        return [each["refreshToken"] for each in self.open(count)]

    def _sign_in(self, number: int) -> Mapping[str, str]:
        call = sign_in(number)
        while not call.accepts(answer := ask(self.service.url, call)):
            sleep(1)
        found: Mapping[str, str] = json.loads(answer.body)
        return found


@dataclass(frozen=True, slots=True)
class Version:
    """One running version, and what is measured of it."""

    service: Service
    access_token: str
    runs: Mapping[str, Run]

    @classmethod
    def of(cls, service: Service) -> "Version":
        accounts = SignedInAccounts(service, cycle(range(ACCOUNTS)))
        token = accounts.open(1)[0]["accessToken"]
        asked = introspect(service.register_client("bench"), token)
        gets = [
            Load(url=service.url, pid=service.pid, calls=[call], checks_bodies=False).run
            for call in (PUBLIC, role_guarded(token), own_account(token), asked)
        ]
        hashing = HashingLoad(service.url, service.pid, ACCOUNTS, sign_in)
        runs = [*gets, RefreshLoad(service, accounts.refresh_tokens).run, hashing.sign_in_run]
        return cls(service, token, dict(zip(CONTESTS, runs, strict=True)))


Versions = Mapping[str, Version]
Table = Iterator[str]
Result = TypeVar("Result")


def contests(plan: Plan, versions: Versions, names: Sequence[str]) -> Table:
    for name in names:
        runs = {version: each.runs[name] for version, each in versions.items()}
        yield from table(run_contest(name, runs, plan, plan.connections, plan.rounds), OTHER)


def in_turn(versions: Versions, rounds: int, measure: Callable[[Version], Result]) -> dict[str, list[Result]]:
    """The results of `rounds` measurements, by version."""
    results: dict[str, list[Result]] = {name: [] for name in versions}
    for _ in range(rounds):
        for name, version in versions.items():
            results[name].append(measure(version))
    return results


def storms(plan: Plan, versions: Versions) -> Table:
    """How much a storm of sign-ins slows guarded requests down."""
    once = replace(plan, storms=1)
    yield from heading("Role-guarded GET in a storm of sign-ins, divided by idle", ("", "p50", "p99", "errors"))
    found = in_turn(
        versions,
        plan.storms,
        lambda version: scenarios.storm(version.service, once, plan.connections, version.access_token),
    )
    for name, each in found.items():
        ratios = ([storm.p50 for storm in each], [storm.p99 for storm in each])
        yield row(name, *map(median_text, ratios), sum(storm.errors for storm in each))


def median_text(values: Sequence[float | None]) -> str:
    """The median of the values that were measured."""
    measured = [value for value in values if value is not None]
    return digits(median(measured)) if measured else "not measured"


def starts_and_memory(plan: Plan, versions: Versions) -> Table:
    """Seconds from the command to the first answer, and the memory before any other request."""
    once = replace(plan, starts=1)
    found = in_turn(versions, plan.starts, lambda version: scenarios.starts(version.service, once)[0])
    sleep(SECONDS_BEFORE_MEMORY)
    yield from heading("Start and memory", ("", "seconds to the first answer", "MiB idle (PSS)"))
    for name, seconds in found.items():
        mebibytes = proportional_bytes(versions[name].service.pid) / scenarios.BYTES_PER_MIB
        yield row(name, f"{median(seconds):.2f}", f"{mebibytes:.0f}")


def installed(revision: str) -> Path:
    """The `doorward` program of another revision, checked out and installed below the cache directory."""
    git = partial(subprocess.run, check=True, text=True)
    found = git(["git", "-C", str(PROJECT), "rev-parse", "--verify", f"{revision}^{{commit}}"], stdout=subprocess.PIPE)
    commit = found.stdout.strip()
    folder = cache_directory() / "versions" / commit
    program = folder / ".venv/bin/doorward"
    if not program.exists():
        log(f"Installing {revision}")
        if not folder.exists():  # it exists after an installation that failed
            git(["git", "clone", "--quiet", "--no-checkout", str(PROJECT), str(folder)])
        git(["git", "-C", str(folder), "checkout", "--quiet", commit])
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        targets = [".venv/ready-run", ".venv/compiled"]
        subprocess.run(["make", "--directory", str(folder), *targets], env=environment, check=True)
    return program


def compare(plan: Plan, programs: Mapping[str, str], mysql: MySQLServer, folder: Path, names: Sequence[str]) -> Table:
    """The tables in Markdown.

    Storms, starts and memory are measured with MySQL only, and only when all contests are.
    """
    for database in ("mysql", "sqlite"):
        yield f"\n## {database}"
        with ExitStack() as stack:
            versions = {}
            for name, program in programs.items():
                url = mysql.fresh_database() if database == "mysql" else ""
                own = folder / database / name.replace(" ", "-")
                service = stack.enter_context(serving(own, url, program=program, workers="1"))
                service.load_accounts(ACCOUNTS)
                versions[name] = Version.of(service)
            yield from contests(plan, versions, names)
            if database == "mysql" and names == CONTESTS:
                yield from storms(plan, versions)
                yield from starts_and_memory(plan, versions)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("revision")
    parser.add_argument("--rounds", type=int, default=FULL.rounds.short)
    parser.add_argument("--only", nargs="+", choices=CONTESTS, default=CONTESTS, metavar="CONTEST")
    given = parser.parse_args()
    programs = {THIS: DOORWARD, OTHER: str(installed(given.revision))}
    hashing_rounds = max(1, given.rounds // 3)
    rounds = Rounds(short=given.rounds, hashing=hashing_rounds)
    plan = replace(FULL, rounds=rounds, storms=hashing_rounds, tokens=ACCOUNTS)
    mysql = MySQLServer.find()
    if isinstance(mysql, Skipped):
        log(f"There is no MySQL: {mysql.reason}")
        return 1
    try:
        with tempfile.TemporaryDirectory(prefix="doorward-bench-") as folder:
            for line in compare(plan, programs, mysql, Path(folder), given.only):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
    finally:
        mysql.stop()
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # an exception, so that the servers are stopped
    sys.exit(main())
