import os
import signal
from contextlib import suppress

import pytest
from hypothesis import settings

from support.length import FULL
from support.programs.processes import children

# The usual length runs the same examples each time, so that it never fails by chance; the full length looks for others.
settings.register_profile("doorward", derandomize=not FULL, database=None, deadline=None)
settings.load_profile("doorward")

pytest_plugins = ["support.mysql.plugin", "support.contract_fixtures", "support.work_units"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: runs only with DOORWARD_TESTS=full, as in `make test-full`")
    pytest.register_assert_rewrite("doorward.testing.contracts")  # tests import the contracts of the ports


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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what is for the full length only."""
    if not FULL:
        deselected = [item for item in items if item.get_closest_marker("full")]
        items[:] = [item for item in items if not item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=deselected)
