"""Ports, waiting for a condition, and what the kernel knows about a process."""

import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event
from time import monotonic

PATIENCE = 120.0
"""Seconds that a start, a stop or an answer may take on a busy machine before a test gives up."""

FIRST_PORT, LAST_PORT = 20_000, 32_000
"""Below the ports of outgoing connections, none of which then takes a port before a server listens there."""


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    while True:
        port = FIRST_PORT + secrets.randbelow(LAST_PORT - FIRST_PORT)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def connects(port: int) -> bool:
    """Whether somebody listens on that port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def connections_to(port: int) -> set[int]:
    """The ports at the other end of the open IPv4 connections to a port of this machine."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    open_ones = [(local, remote) for _, local, remote, state, *_ in lines if state == "01"]
    return {int(remote.split(":")[1], 16) for local, remote in open_ones if int(local.split(":")[1], 16) == port}


def eventually(promise: Callable[[], object], patience: float = PATIENCE) -> None:
    """Return when the condition holds. Fail after `patience` seconds, which are many: machines are slow and shared."""
    deadline = monotonic() + patience
    while not promise():
        assert monotonic() < deadline, "It did not come to hold."
        Event().wait(0.02)


def state(stat: Path) -> str:
    """One letter; nothing when the process or thread is gone."""
    try:
        return stat.read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def is_zombie(pid: int | None) -> bool:
    """Dead, and only waiting for a parent to take notice."""
    return state(Path(f"/proc/{pid}/stat")) == "Z"


def stands_still(pid: int | None) -> bool:
    """Stopped by a signal, each of its threads: they do not all stop with the sending of it."""
    return all(state(thread) in {"T", ""} for thread in Path(f"/proc/{pid}/task").glob("*/stat"))


def ended(pid: int) -> bool:
    return is_zombie(pid) or not Path(f"/proc/{pid}").exists()


def children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def resident_bytes(pid: int) -> int:
    """The memory that a process holds at present."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024


def cpu_ticks(pid: int) -> int:
    """Processor time that a process has used, in the kernel's ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
