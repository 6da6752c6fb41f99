"""Contests of requests: Doorward with its peers and the limits of the machine, and in other configurations."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.contests import Contest, Run, log
from bench.doorward import (
    PUBLIC,
    Service,
    introspect,
    own_account,
    role_guarded,
    serving,
    sign_in,
    sign_up,
    signed_in,
)
from bench.peer_contests import add_peer_or_skip
from bench.plan import Plan
from bench.process_stats import cpu_seconds
from bench.schedule import DOORWARD, INTROSPECTION, MANY_TOKENS, OWN_ACCOUNT, ROLE_GUARDED, HashingLoad, Schedule
from bench.wrk import Load, Sample, run_wrk, sample
from doorward.application.sessions.issue_tokens import SignedIn
from peers.calls import Call, ask
from peers.peer import Peer
from peers.running import Database, DataFolder
from support.mysql.server import MySQLServer
from support.programs.processes import eventually, free_port

BARE_HANDLER = "bare Litestar"
BARE_REFRESH = "bare transaction"
HASHERS = ("libsodium", "argon2-cffi")
SQLITE_CONTESTS = (OWN_ACCOUNT, "refresh", "sign-in")
WRITER_CONNECTIONS = 5
"""The connections that write, as many as Doorward has by default. The bare transaction uses the same number."""

LIMIT_TIMEOUT_SECONDS = 600


def add_doorward(schedule: Schedule, service: Service, contestant: str) -> None:
    """Add a service to all contests."""
    sessions = service.open_sessions(schedule.plan.tokens)
    token = sessions[0].access_token.value
    for name, calls in {
        "public GET": [PUBLIC],
        "signed-in GET": [signed_in(token)],
        ROLE_GUARDED: [role_guarded(token)],
        MANY_TOKENS: [role_guarded(each.access_token.value) for each in sessions],
        OWN_ACCOUNT: [own_account(token)],
        INTROSPECTION: [introspect(service.register_client("bench"), token)],
    }.items():
        load = Load(url=service.url, pid=service.pid, calls=calls, checks_bodies=False)
        schedule.add(name, contestant, load.run)
    add_doorward_hashing(schedule, service, contestant)
    schedule.add("refresh", contestant, RefreshLoad(service, UnusedSessions(service, sessions).refresh_tokens).run)


def add_doorward_hashing(schedule: Schedule, service: Service, contestant: str) -> None:
    load = HashingLoad(service.url, service.pid, schedule.plan.tokens, sign_in)
    schedule.add("sign-in", contestant, load.sign_in_run)
    schedule.add("sign-up", contestant, load.sign_up_run(sign_up))


@dataclass(frozen=True, slots=True)
class RefreshLoad:
    """Refreshes of sessions that no other run has used.

    Each run has twice as many sessions as connections, because a rejected refresh is not repeated.
    """

    service: Service
    refresh_tokens: Callable[[int], Sequence[str]]
    """Returns this number of refresh tokens, each of a session that is not used yet."""

    def run(self, connections: int, seconds: float) -> Sample:
        tokens = self.refresh_tokens(2 * connections)
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("".join(f"{token}\n" for token in tokens))
            file.flush()
            cpu_before = cpu_seconds(self.service.pid)
            host = self.service.url.removeprefix("http://")
            result = run_wrk("refresh", self.service.url, connections, seconds, [file.name, "/api/auth/refresh", host])
            return sample(result, cpu_seconds(self.service.pid) - cpu_before)


@dataclass(slots=True)
class UnusedSessions:
    """Open sessions of a service. When too few are left, as many as at first are opened."""

    service: Service
    sessions: Sequence[SignedIn]
    used: int = 0

    def refresh_tokens(self, count: int) -> Sequence[str]:
        if self.used + count > len(self.sessions):
            self.sessions, self.used = self.service.open_sessions(len(self.sessions)), 0
        unused = self.sessions[self.used : self.used + count]
        self.used += count
        return [each.refresh_token.value for each in unused]


def limit_sample(module: str, *arguments: object, **environment: str) -> Sample:
    """Run a program of bench.limits, which prints its rate."""
    command = [sys.executable, "-m", f"bench.limits.{module}", *map(str, arguments)]
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_TIMEOUT_SECONDS,
    )
    rate = float(done.stdout) if done.returncode == 0 else 0.0
    if not rate:
        log(f"{module} failed: {done.stderr}")
    return Sample(rate=rate, requests=0, p50=0, p99=0, slowest=0, errors=0 if rate else 1)


@contextmanager
def bare_litestar(schedule: Schedule, tokens: Sequence[str], folder: Path) -> Iterator[None]:
    """Run handlers without a guard. They get the same requests as Doorward."""
    port = free_port()
    environment = {**os.environ, "DOORWARD_PORT": str(port), "DOORWARD_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "bench.limits.bare_litestar"]
    url, calls = f"http://127.0.0.1:{port}", [role_guarded(token) for token in tokens]
    with (folder / "bare").open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        eventually(lambda: is_answered(url, calls[0]))
        sent_to_one = {OWN_ACCOUNT: [own_account(tokens[0])], INTROSPECTION: [introspect("Basic eDp4", tokens[0])]}
        for name, sent in {ROLE_GUARDED: calls[:1], MANY_TOKENS: calls, **sent_to_one}.items():
            schedule.add(name, BARE_HANDLER, Load(url=url, pid=process.pid, calls=sent, checks_bodies=False).run)
        yield
    finally:
        process.terminate()
        process.wait()


def is_answered(url: str, call: Call) -> bool:
    try:
        return call.accepts(ask(url, call))
    except OSError:
        return False


def raw_hashing_run(library: str) -> Run:
    """A run with as many threads as cores."""
    threads = os.cpu_count() or 1
    return lambda _, seconds: limit_sample("raw_hashing", library, threads, seconds)


def bare_refresh_run(url: str) -> Run:
    return lambda clients, seconds: limit_sample(
        "bare_refresh", WRITER_CONNECTIONS, clients, seconds, DOORWARD_DATABASE_URL=url
    )


def add_limits(schedule: Schedule, service: Service) -> None:
    for library in HASHERS:
        schedule.add("sign-in", f"raw {library}", raw_hashing_run(library))
    url = service.doorward.environment["DOORWARD_DATABASE_URL"]
    schedule.add("refresh", BARE_REFRESH, bare_refresh_run(url))


def main_contests(
    plan: Plan, mysql: MySQLServer, folder: Path, cache: Path, peers: Sequence[Peer]
) -> tuple[list[Contest], dict[str, str]]:
    """Measure all contestants on MySQL with one worker. Return the contests, and why each skipped peer is missing."""
    schedule = Schedule(plan)
    with ExitStack() as stack:
        services = [
            stack.enter_context(serving(folder / hasher, mysql.fresh_database(), workers="1", hasher=hasher))
            for hasher in HASHERS
        ]
        for service in services:
            service.load_accounts(plan.tokens)
        with_libsodium, with_argon2_cffi = services
        add_doorward(schedule, with_libsodium, DOORWARD)
        add_doorward_hashing(schedule, with_argon2_cffi, f"{DOORWARD}, argon2-cffi")
        tokens = [each.access_token.value for each in with_libsodium.open_sessions(plan.tokens)]
        stack.enter_context(bare_litestar(schedule, tokens, folder))
        add_limits(schedule, with_libsodium)
        for peer in peers:
            if peer.storage == "mysql":
                add_peer_or_skip(schedule, peer, stack, Database.parse(mysql.fresh_database()), cache)
        return list(schedule.run(plan.connections, plan.rounds)), schedule.skipped


def on_sqlite(name: str) -> str:
    return f"{name} on SQLite"


def sqlite_contests(
    plan: Plan, folder: Path, cache: Path, peers: Sequence[Peer]
) -> tuple[list[Contest], dict[str, str]]:
    """Measure Doorward on SQLite with one worker, and the peers on SQLite.

    Return the contests, and why each skipped peer is missing.
    """
    schedule = Schedule(plan)
    with ExitStack() as stack:
        service = stack.enter_context(serving(folder / DOORWARD, workers="1"))
        service.load_accounts(plan.tokens)
        add_doorward(schedule, service, DOORWARD)
        for peer in peers:
            if peer.storage == "sqlite":
                data = folder / peer.name
                data.mkdir()
                add_peer_or_skip(schedule, peer, stack, DataFolder(data), cache)
        schedule.runs = {name: schedule.runs[name] for name in SQLITE_CONTESTS}
        found = schedule.run(plan.connections, plan.rounds)
        return [replace(contest, name=on_sqlite(contest.name)) for contest in found], schedule.skipped


def matrix(plan: Plan, mysql: MySQLServer, folder: Path) -> Iterator[Contest]:
    """Measure Doorward alone, with the databases, workers and connections of the plan's matrix."""
    for database, workers, connections in plan.matrix:
        schedule = Schedule(plan)
        name = f"{database}, {workers} worker{'s' if workers > 1 else ''}"
        url = mysql.fresh_database() if database == "mysql" else ""
        with serving(folder / f"{database}-{workers}-{connections}", url, workers=str(workers)) as service:
            service.load_accounts(plan.tokens)
            add_doorward(schedule, service, name)
            yield from schedule.run(connections, plan.matrix_rounds)
