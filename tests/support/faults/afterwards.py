"""What is there when a workload is over: rows, logs, and what the processes hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.http.database_shell import run_sql
from support.programs.processes import children, resident_bytes
from support.programs.server_process import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An account as it is stored. `id` is written as in answers, without its dashes."""

    id: str
    username: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    user_id: str
    token_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What all processes of the nodes hold together."""

    processes: int
    descriptors: int
    threads: int
    resident_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Afterwards:
    accounts: Sequence[Row]
    roles: frozenset[tuple[str, str]]
    """Ids of accounts, and roles that they hold."""
    sessions: dict[str, StoredSession] = field(repr=False)
    log: str = field(repr=False)
    usage: Sequence[Usage] = ()
    """First before the fault, then after each time that it was over and the nodes were idle."""


def afterwards(servers: Sequence[Server], usage: Sequence[Usage] = ()) -> Afterwards:
    """Read the database, which the nodes share, and their logs."""
    first = servers[0]
    return Afterwards(
        accounts=[
            Row(id=as_bytes(user_id).hex(), username=as_text(username), email=as_text(email))
            for user_id, username, email in run_sql(first, "SELECT id, username, email FROM users")
        ],
        roles=frozenset(
            (as_bytes(user_id).hex(), as_text(role))
            for user_id, role in run_sql(first, "SELECT user_id, role FROM user_roles")
        ),
        sessions={
            as_bytes(session_id).hex(): StoredSession(user_id=as_bytes(user_id).hex(), token_hash=as_bytes(token_hash))
            for session_id, user_id, token_hash in run_sql(first, "SELECT id, user_id, token_hash FROM sessions")
        },
        log="".join(server.output for server in servers),
        usage=usage,
    )


def as_text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def as_bytes(value: str | bytes) -> bytes:
    """A driver that takes a binary column for text hands it out so."""
    return value.encode("latin-1") if isinstance(value, str) else value


def usage_of(servers: Sequence[Server]) -> Usage:
    """What the processes of these nodes hold now."""
    pids = [pid for server in servers for pid in (server.pid, *children(server.pid))]
    return Usage(
        processes=len(pids),
        descriptors=sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids),
        threads=sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in pids),
        resident_bytes=sum(resident_bytes(pid) for pid in pids),
    )
