import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from support.length import FULL

pytest_plugins = ["support.mysql.plugin"]

WORKERS: list[int] = []
"""Process ids; in the controller of pytest-xdist only."""

STARTS_SERVERS = frozenset({"serve", "own_mysql_server"})
"""Fixtures of tests that start servers of their own and share none with the other tests of their file."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: runs only with DOORWARD_TESTS=full, as in `make test-full`")


def pytest_sessionstart() -> None:
    """Make SIGTERM end the run in an orderly way, so that every process that it started is stopped."""
    signal.signal(signal.SIGTERM, stop)


def stop(*_: object) -> None:
    """Stop the workers of pytest-xdist, too: each stops the servers that it started."""
    for pid in WORKERS:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    pytest.exit("terminated", 128 + signal.SIGTERM)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodeready(node: Any) -> None:
    """Called by pytest-xdist in the controller, when a worker has started."""
    WORKERS.append(node.workerinfo["pid"])


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what is for the full length only, and keep the tests of a file in one process."""
    if not FULL:
        deselected = [item for item in items if item.get_closest_marker("full")]
        items[:] = [item for item in items if not item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=deselected)
    for item in items:
        if STARTS_SERVERS.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group(group_of(item)))


def group_of(item: pytest.Item) -> str:
    """The file, and for tests that run on several databases the database: these share a server."""
    call = getattr(item, "callspec", None)
    database = call.params.get("database", "") if call is not None else ""
    return f"{Path(item.path).stem}-{database}" if database else Path(item.path).stem
