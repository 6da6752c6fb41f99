import os
import signal

import pytest

pytest_plugins = ["support.mysql.plugin"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: runs only with DOORWARD_TESTS=full, as in `make test-full`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what is for the full length only."""
    if os.environ.get("DOORWARD_TESTS") != "full":
        deselected = [item for item in items if item.get_closest_marker("full")]
        items[:] = [item for item in items if not item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=deselected)


def pytest_sessionstart() -> None:
    """Whoever is told to end stops first what it has started."""
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", 128 + signal.SIGTERM))
