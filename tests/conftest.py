import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from support.length import FULL
from support.programs.processes import children

pytest_plugins = ["support.mysql.plugin"]

STARTS_SERVERS = frozenset({"serve", "own_mysql_server"})
"""Fixtures of tests that start servers of their own and share none with the other tests of their file."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "xdist_group: the name of the tests that run in one process")
    config.addinivalue_line("markers", "full: runs only with DOORWARD_TESTS=full, as in `make test-full`")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Make SIGTERM end the run in an orderly way, so that every process that it started is stopped."""
    is_worker = hasattr(session.config, "workerinput")
    has_workers = bool(session.config.getoption("numprocesses", default=None)) and not is_worker

    def stop(*_: object) -> None:
        """Tell the workers of pytest-xdist, too: each stops the servers that it started."""
        for pid in children(os.getpid()) if has_workers else ():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        pytest.exit("terminated", 128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)


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
