"""The CPU time and the memory of a process with all its descendants, from /proc."""

import os
from collections.abc import Iterator
from pathlib import Path

from support.programs.processes import children

TICKS_PER_SECOND: int = os.sysconf("SC_CLK_TCK")
BYTES_PER_KIB = 1024


def process_tree(pid: int) -> Iterator[int]:
    """The ids of a process and of all its descendants."""
    yield pid
    for child in children(pid):
        yield from process_tree(child)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process tree."""
    ticks = 0
    for member in process_tree(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_SECOND


def proportional_bytes(pid: int) -> int:
    """The PSS (proportional set size) of a process tree: shared pages count once."""
    return sum(_proportional_bytes(member) for member in process_tree(pid))


def _proportional_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * BYTES_PER_KIB
