"""The files in which a worker shares its metrics with the other workers."""

import os
from pathlib import Path

METRICS_FILE_BYTES = 524_288
"""Of each file. All metrics with all their labels take less than half of it."""

METRICS_FILES = ("counter", "gauge_livesum", "histogram")
"""The kinds of files that prometheus_client makes for a process, by the types of the metrics in `metrics.py`."""


def allocate_metrics_files() -> None:
    """Make the files of this process, if several workers share their metrics, and have the file system allocate them.

    prometheus_client makes files without any blocks and maps them into memory. On a full disk, the kernel ends the
    process that writes to such a file. Raise OSError if the disk is full already.
    """
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ or not hasattr(os, "posix_fallocate"):
        return
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    for kind in METRICS_FILES:
        with (folder / f"{kind}_{os.getpid()}.db").open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, METRICS_FILE_BYTES)
