import signal

import pytest

pytest_plugins = ["support.mysql.plugin"]


def pytest_sessionstart() -> None:
    """Whoever is told to end stops first what it has started."""
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", 128 + signal.SIGTERM))
