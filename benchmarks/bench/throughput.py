"""Contests of requests: Doorward beside its peers and its limits, and on its other databases and workers."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.contests import Contest, Run, contest, say, settle
from bench.doorward import (
    PUBLIC,
    Service,
    role_guarded,
    serving,
    sign_in,
    sign_up,
    signed_in,
)
from bench.plan import CONNECTIONS, Plan, Rounds
from bench.readings import cpu_seconds
from bench.wrk import Load, Sample, fired, sample
from doorward.application.sessions.issue_tokens import SignedIn
from peers.calls import Answer, Call, ask
from peers.catalogue import PEERS
from peers.peer import Peer
from peers.running import Database, PeerFailed, RunningPeer
from peers.toolchains import PeerUnavailable
from support.mysql.server import MySQLServer
from support.programs.processes import eventually, free_port

OURS = "doorward"
BARE = "bare Litestar"
BARE_REFRESH = "bare transaction"
GUARDED, MANY_TOKENS = "role-guarded GET", "role-guarded GET, many tokens"
HASHERS = ("libsodium", "argon2-cffi")
FRESH = count(10_000_000)
"""Numbers of accounts that sign up: nobody does so twice."""

SIGN_UPS = 4_000
"""More than any server makes in a run."""

WRITERS = 5
"""Connections of Doorward's that write, by its default: the bare transaction has as many."""


@dataclass(slots=True)
class Arena:
    """Who takes part. `runs` has the contests' names, and for each of them what a contestant does in it."""

    plan: Plan
    runs: dict[str, dict[str, Run]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    """Peers that could not be had, and why."""

    def add(self, name: str, contestant: str, run: Run) -> None:
        self.runs.setdefault(name, {})[contestant] = run

    def held(self, connections: int, rounds: Rounds) -> Iterator[Contest]:
        for name, runs in self.runs.items():
            yield contest(name, runs, self.plan, connections, rounds)


def admit(arena: Arena, service: Service, contestant: str) -> None:
    """Doorward in all contests that one service takes part in."""
    people = service.open_sessions(arena.plan.tokens)
    one = people[0].access_token.value
    steady = Load(url=service.url, pid=service.pid, calls=[PUBLIC], looks=False)
    arena.add("public GET", contestant, steady.run)
    for name, calls in {
        "signed-in GET": [signed_in(one)],
        GUARDED: [role_guarded(one)],
        MANY_TOKENS: [role_guarded(each.access_token.value) for each in people],
    }.items():
        arena.add(name, contestant, Load(url=service.url, pid=service.pid, calls=calls, looks=False).run)
    admit_to_hashing(arena, service, contestant)
    arena.add("refresh", contestant, Refreshing(service, people).run)


def admit_to_hashing(arena: Arena, service: Service, contestant: str) -> None:
    hashing = Hashing(service.url, service.pid, arena.plan.tokens, sign_in, sign_up)
    arena.add("sign-in", contestant, hashing.sign_in_run)
    arena.add("sign-up", contestant, hashing.sign_up_run)


@dataclass(frozen=True, slots=True)
class Hashing:
    """Passwords to be looked at: whoever leaves in the end leaves them to be computed, so each run waits for that."""

    url: str
    pid: int
    people: int
    sign_in: Callable[[int], Call]
    sign_up: Callable[[int], Call]

    def sign_in_run(self, connections: int, seconds: float) -> Sample:
        return self._run([self.sign_in(number) for number in range(self.people)], connections, seconds)

    def sign_up_run(self, connections: int, seconds: float) -> Sample:
        return self._run([self.sign_up(next(FRESH)) for _ in range(SIGN_UPS)], connections, seconds)

    def _run(self, calls: Sequence[Call], connections: int, seconds: float) -> Sample:
        result = Load(url=self.url, pid=self.pid, calls=calls).run(connections, seconds)
        settle(self.url, self.sign_in(0))
        return result


@dataclass(slots=True)
class Refreshing:
    """Each run goes on with sessions that no other has used, and as many to take the place of those that are told to
    come again."""

    service: Service
    people: Sequence[SignedIn]
    used: int = 0

    def run(self, connections: int, seconds: float) -> Sample:
        count = 2 * connections
        ours = self.people[self.used : self.used + count]
        if len(ours) < count:
            self.people, self.used = self.service.open_sessions(len(self.people)), 0
            ours = self.people[:count]
        self.used += count
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("".join(f"{each.refresh_token.value}\n" for each in ours))
            file.flush()
            before = cpu_seconds(self.service.pid)
            host = self.service.url.removeprefix("http://")
            result = fired("refresh", self.service.url, connections, seconds, [file.name, "/api/auth/refresh", host])
            return sample(result, cpu_seconds(self.service.pid) - before)


def printed(module: str, *arguments: object, **environment: str) -> Sample:
    """A rate that a limit's own program prints."""
    command = [sys.executable, "-m", f"bench.limits.{module}", *map(str, arguments)]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=600
    )
    rate = float(done.stdout) if done.returncode == 0 else 0.0
    if not rate:
        say(f"{module} failed: {done.stderr}")
    return Sample(rate=rate, requests=0, p50=0, p99=0, slowest=0, errors=0 if rate else 1)


@contextmanager
def bare_litestar(arena: Arena, tokens: Sequence[str], folder: Path) -> Iterator[None]:
    """Asked the very same, and does not look at who asks."""
    port = free_port()
    environment = {**os.environ, "DOORWARD_PORT": str(port), "DOORWARD_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "bench.limits.bare_litestar"]
    url, calls = f"http://127.0.0.1:{port}", [role_guarded(token) for token in tokens]
    with (folder / "bare").open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        eventually(lambda: answers(url, calls[0]))
        for name, asked in {GUARDED: calls[:1], MANY_TOKENS: calls}.items():
            arena.add(name, BARE, Load(url=url, pid=process.pid, calls=asked, looks=False).run)
        yield
    finally:
        process.terminate()
        process.wait()


def answers(url: str, call: Call) -> bool:
    try:
        return call.is_met_by(ask(url, call))
    except OSError:
        return False


def raw_hashing(library: str) -> Run:
    """On as many threads as there are cores."""
    threads = os.cpu_count() or 1
    return lambda _, seconds: printed("raw_hashing", library, threads, seconds)


def bare_refresh(url: str) -> Run:
    return lambda clients, seconds: printed("bare_refresh", WRITERS, clients, seconds, DOORWARD_DATABASE_URL=url)


def admit_limits(arena: Arena, service: Service) -> None:
    for library in HASHERS:
        arena.add("sign-in", f"raw {library}", raw_hashing(library))
    arena.add("refresh", BARE_REFRESH, bare_refresh(service.doorward.environment["DOORWARD_DATABASE_URL"]))


def admit_peer(arena: Arena, peer: Peer, running: RunningPeer, database: Database) -> None:
    """With as many accounts as sign in in turn."""
    for number in range(arena.plan.somebody):
        met(running, peer.sign_up(number))
    token = peer.token(met(running, peer.sign_in(0)))
    gets = {"public GET": peer.public, "signed-in GET": peer.signed_in(token)}
    if peer.role_guarded is not None and peer.make_admin is not None:
        database.execute(peer.make_admin(0))
        gets[GUARDED] = peer.role_guarded(token)
    for name, call in gets.items():
        if call is not None:
            arena.add(name, peer.name, Load(url=running.url, pid=running.pid, calls=[call], looks=False).run)
    hashing = Hashing(running.url, running.pid, arena.plan.somebody, peer.sign_in, peer.sign_up)
    arena.add("sign-in", peer.name, hashing.sign_in_run)
    arena.add("sign-up", peer.name, hashing.sign_up_run)


def met(running: RunningPeer, call: Call) -> Answer:
    answer = ask(running.url, call)
    if not call.is_met_by(answer):
        raise PeerFailed(f"{call.path}: {answer.status} {answer.body.decode(errors='replace')}\n{running.output}")
    return answer


def main_contests(plan: Plan, mysql: MySQLServer, folder: Path, cache: Path) -> tuple[list[Contest], dict[str, str]]:
    """On MySQL with one worker, beside everybody; and which peers were left out, and why."""
    arena = Arena(plan)
    with ExitStack() as stack:
        by_name = {
            hasher: stack.enter_context(serving(folder / hasher, mysql.fresh_database(), workers="1", hasher=hasher))
            for hasher in HASHERS
        }
        for service in by_name.values():
            service.load_accounts(plan.tokens)
        first, second = by_name.values()
        admit(arena, first, OURS)
        admit_to_hashing(arena, second, f"{OURS}, argon2-cffi")
        tokens = [each.access_token.value for each in first.open_sessions(plan.tokens)]
        stack.enter_context(bare_litestar(arena, tokens, folder))
        admit_limits(arena, first)
        for peer in PEERS:
            try:
                database = Database.parse(mysql.fresh_database())
                running = stack.enter_context(peer.install(cache).start(database))
                admit_peer(arena, peer, running, database)
            except (PeerUnavailable, PeerFailed) as error:
                say(f"{peer.name} IS LEFT OUT: {error}")
                arena.skipped[peer.name] = str(error)
        return list(arena.held(CONNECTIONS, plan.rounds)), arena.skipped


def matrix(plan: Plan, mysql: MySQLServer, folder: Path) -> Iterator[Contest]:
    """Doorward alone, on other databases, with other workers, and with more at once."""
    for database, workers, connections in plan.matrix:
        arena = Arena(plan)
        name = f"{database}, {workers} worker{'s' if workers > 1 else ''}"
        url = mysql.fresh_database() if database == "mysql" else ""
        with serving(folder / f"{database}-{workers}-{connections}", url, workers=str(workers)) as service:
            service.load_accounts(plan.tokens)
            admit(arena, service, name)
            yield from arena.held(connections, plan.matrix_rounds)
