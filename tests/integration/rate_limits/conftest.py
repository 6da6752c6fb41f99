"""These tests need a Redis or Valkey. Without one they are left out, and the last lines of the report say so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.programs.redis_server import RedisServer, find_redis, redis_server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if find_redis() is None:
        terminalreporter.write_line("Tests of shared limits: NOT RUN without valkey-server or redis-server.")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that does not run yet."""
    program = find_redis()
    if program is None:
        pytest.skip("neither valkey-server nor redis-server is installed")
    with redis_server(program, tmp_path) as server:
        yield server
