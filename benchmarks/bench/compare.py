"""Compare this version of Doorward with another one of its history, both measured in turn in one run.

Usage: python -m bench.compare REVISION [--rounds N] [--only CONTEST ...]

The other revision is checked out and installed below the cache directory, once. Both versions serve at the same time,
on databases of their own; only the one whose turn it is gets requests. Every ratio is the median of the rounds: this
version divided by the other one.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import sleep

from bench.contests import Contest, Run, contest, paired, say, settle
from bench.doorward import PUBLIC, Service, bearer, role_guarded, serving, sign_in
from bench.plan import CONNECTIONS, FULL, Plan, Rounds
from bench.readings import cpu_seconds, proportional_bytes
from bench.report import heading, row, table
from bench.wrk import Load, Sample, fired, sample
from peers.calls import Call, ask
from support.mysql.distribution import cache_directory
from support.mysql.server import MySQLServer, Skipped
from support.programs.command_line import DOORWARD
from support.readme import PROJECT

THIS, OTHER = "this version", "the other version"
ACCOUNTS = 400
MAX_SESSIONS_PER_REFRESH_RUN = 2 * CONNECTIONS
STORM_SECONDS = 4
STARTS = 7
SETTLING_SECONDS = 2
MIB = 1 << 20


@dataclass(slots=True)
class Sessions:
    """Sessions opened by signing in over HTTP, account by account, so that any version of Doorward can open them."""

    service: Service
    numbers: Iterator[int]

    def open(self, count: int) -> list[Mapping[str, str]]:
        """The answers of `count` sign-ins."""
        with ThreadPoolExecutor(4) as clients:
            return list(clients.map(self._sign_in, islice(self.numbers, count)))

    def _sign_in(self, number: int) -> Mapping[str, str]:
        while True:
            answer = ask(self.service.url, sign_in(number))
            if answer.status == 200:
                found: Mapping[str, str] = json.loads(answer.body)
                return found
            sleep(1)


@dataclass(frozen=True, slots=True)
class Refreshing:
    """Each run refreshes sessions that no run has used before."""

    sessions: Sessions

    def run(self, connections: int, seconds: float) -> Sample:
        service = self.sessions.service
        fresh = self.sessions.open(MAX_SESSIONS_PER_REFRESH_RUN)
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("".join(f"{each['refreshToken']}\n" for each in fresh))
            file.flush()
            before = cpu_seconds(service.pid)
            host = service.url.removeprefix("http://")
            result = fired("refresh", service.url, connections, seconds, [file.name, "/api/auth/refresh", host])
            return sample(result, cpu_seconds(service.pid) - before)


@dataclass(frozen=True, slots=True)
class SigningIn:
    service: Service

    def run(self, connections: int, seconds: float) -> Sample:
        calls = [sign_in(number) for number in range(ACCOUNTS)]
        result = Load(url=self.service.url, pid=self.service.pid, calls=calls).run(connections, seconds)
        settle(self.service.url, sign_in(0))
        return result


def runs_of(service: Service) -> dict[str, Run]:
    """What is measured of one version, by the name of the contest."""
    sessions = Sessions(service, cycle(range(ACCOUNTS)))
    token = sessions.open(1)[0]["accessToken"]
    account = Call.getting("/api/account", bearer(token), body_contains='"username"')
    calls = {"public GET": PUBLIC, "role-guarded GET": role_guarded(token), "GET /api/account": account}
    gets = {name: Load(url=service.url, pid=service.pid, calls=[call], looks=False).run for name, call in calls.items()}
    return {**gets, "refresh": Refreshing(sessions).run, "sign-in": SigningIn(service).run}


def contests(plan: Plan, services: Mapping[str, Service], only: Sequence[str]) -> Iterator[Contest]:
    runs = {version: runs_of(service) for version, service in services.items()}
    for name in runs[THIS]:
        if not only or name in only:
            each = {version: found[name] for version, found in runs.items()}
            yield contest(name, each, plan, CONNECTIONS, plan.rounds)


def storms(services: Mapping[str, Service], rounds: int) -> Iterator[str]:
    """How much slower guarded requests of one version become while people sign in."""
    yield from heading("Role-guarded GET in a storm of sign-ins, against idle", ("", "p50", "p99"))
    idle: dict[str, list[Sample]] = {version: [] for version in services}
    busy: dict[str, list[Sample]] = {version: [] for version in services}
    with ThreadPoolExecutor(1) as beside:
        for _ in range(rounds):
            for version, service in services.items():
                token = Sessions(service, iter([0])).open(1)[0]["accessToken"]
                guarded = Load(url=service.url, pid=service.pid, calls=[role_guarded(token)], looks=False)
                idle[version].append(guarded.run(CONNECTIONS, STORM_SECONDS))
                storm = beside.submit(SigningIn(service).run, CONNECTIONS, STORM_SECONDS + 1)
                busy[version].append(guarded.run(CONNECTIONS, STORM_SECONDS))
                storm.result()
    for version in services:
        p50 = paired(busy[version], idle[version], lambda sample: sample.p50)
        p99 = paired(busy[version], idle[version], lambda sample: sample.p99)
        yield row(version, *("no answer" if each is None else f"{each:.3g}" for each in (p50, p99)))


def starts_and_memory(services: Mapping[str, Service]) -> Iterator[str]:
    """Seconds from the command to the first answer, and the memory of a service that nobody asks."""
    seconds: dict[str, list[float]] = {version: [] for version in services}
    for _ in range(STARTS):
        for version, service in services.items():
            service.stop()
            seconds[version].append(service.start())
    sleep(SETTLING_SECONDS)
    yield from heading("Start and memory", ("", "seconds to the first answer", "MiB idle (PSS)"))
    for version, service in services.items():
        yield row(version, f"{median(seconds[version]):.2f}", f"{proportional_bytes(service.pid) / MIB:.0f}")


def installed(revision: str) -> Path:
    """The program `doorward` of another revision, checked out and installed below the cache directory."""
    git = ["git", "-C", str(PROJECT)]
    commit = subprocess.run([*git, "rev-parse", revision], capture_output=True, text=True, check=True).stdout.strip()
    folder = cache_directory() / "versions" / commit
    program = folder / ".venv/bin/doorward"
    if not program.exists():
        say(f"Installing {revision}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(PROJECT), str(folder)], check=True)
        subprocess.run(["git", "-C", str(folder), "checkout", "--quiet", commit], check=True)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        targets = [".venv/ready-run", ".venv/compiled"]
        subprocess.run(["make", "--directory", str(folder), *targets], env=inherited, check=True)
    return program


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("revision")
    parser.add_argument("--rounds", type=int, default=FULL.rounds.short)
    parser.add_argument("--only", nargs="+", default=[], metavar="CONTEST")
    given = parser.parse_args()
    programs = {THIS: DOORWARD, OTHER: str(installed(given.revision))}
    plan = replace(FULL, rounds=Rounds(short=given.rounds, hashing=max(1, given.rounds // 3)))
    mysql = MySQLServer.find()
    if isinstance(mysql, Skipped):
        say(f"There is no MySQL: {mysql.reason}")
        return 1
    try:
        with tempfile.TemporaryDirectory(prefix="doorward-bench-") as folder:
            for database in ("mysql", "sqlite"):
                with ExitStack() as stack:
                    services = {}
                    for version, program in programs.items():
                        url = mysql.fresh_database() if database == "mysql" else ""
                        own = Path(folder) / f"{database}-{version.replace(' ', '-')}"
                        service = stack.enter_context(serving(own, url, program=program, workers="1"))
                        service.load_accounts(ACCOUNTS)
                        services[version] = service
                    sys.stdout.write(f"\n## {database}\n")
                    for held in contests(plan, services, given.only):
                        sys.stdout.write("\n".join(table(held, OTHER)) + "\n")
                    if not given.only and database == "mysql":
                        sys.stdout.write("\n".join(storms(services, plan.rounds.hashing)) + "\n")
                        sys.stdout.write("\n".join(starts_and_memory(services)) + "\n")
                    sys.stdout.flush()
    finally:
        mysql.stop()
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the servers are stopped on the way out
    sys.exit(main())
