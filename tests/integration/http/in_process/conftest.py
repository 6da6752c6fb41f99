"""These tests call the application in this process. The fixtures `server` and `serve` have the names of those that
start real servers, so that `client`, `admin` and the others of the folder above work with either."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from doorward.infrastructure.clock import SystemClock
from support.http.databases import completed, settings_for
from support.http.in_process import App, ServeApp, in_process


@pytest.fixture(scope="session")
def server(database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The application with default settings, shared by all tests: use names of your own."""
    with in_process(tmp_path_factory.mktemp(database), **settings_for(database, request)) as service:
        yield service


@pytest.fixture(scope="session")
def registered(server: App) -> tuple[str, str]:
    """Id and secret of a registered service."""
    return server.add_service("registered")


@pytest.fixture
def serve(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServeApp]:
    """`serve(dialect="tutorial")`: the application with such settings, each on a fresh database."""
    numbers = count()
    with ExitStack() as stack:

        def start(**settings: str) -> App:
            folder = tmp_path / str(next(numbers))
            return stack.enter_context(in_process(folder, **completed(settings, database, request)))

        yield start


@pytest.fixture
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything happens at the same time: no minute ends and no delay is over between two requests of a test."""
    moment = SystemClock().now()
    monkeypatch.setattr(SystemClock, "now", lambda _: moment)
