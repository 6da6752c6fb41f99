"""How often processes report themselves, and which of them count as alive."""

from collections.abc import Sequence

from doorward.application.ports.storage import Storage
from doorward.domain.nodes.node import SeenNode

REPORT_SECONDS = 10.0

REPORT_SECONDS_ON_FILES = 60.0
"""Where all data are in one place, the processes are on one machine, and a disk need not be kept awake for them."""

MISSED_REPORTS = 3
"""A process that missed so many reports does not count as alive."""


def report_seconds(storage: Storage) -> float:
    """Return the time between two reports of a process."""
    return REPORT_SECONDS if storage.reads_can_be_old else REPORT_SECONDS_ON_FILES


def living(nodes: Sequence[SeenNode], storage: Storage) -> Sequence[SeenNode]:
    """Return the processes that are alive as far as can be known."""
    return [each for each in nodes if each.age_seconds <= MISSED_REPORTS * report_seconds(storage)]
