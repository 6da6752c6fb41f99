"""What the kernel tells of processes: the CPU they used, and the memory they hold."""

import os
from collections.abc import Iterator
from pathlib import Path

from support.programs.processes import children

TICKS: int = os.sysconf("SC_CLK_TCK")
KIB = 1024


def family(pid: int) -> Iterator[int]:
    """A process and all that came of it."""
    yield pid
    for child in children(pid):
        yield from family(child)


def cpu_seconds(pid: int) -> float:
    """Of a whole family, by user and kernel."""
    total = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def proportional_bytes(pid: int) -> int:
    """PSS of a whole family: what processes share counts once."""
    return sum(_proportional_bytes(member) for member in family(pid))


def _proportional_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * KIB
