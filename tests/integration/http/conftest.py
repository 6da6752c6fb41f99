"""Servers for tests over HTTP. Each test runs on SQLite. Those marked `storage_bound` run on MySQL, too. Those marked
`several_processes` run on MySQL instead, where processes write at the same time. With DOORWARD_TESTS=full all run on
both, except where a file chooses its database itself."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import httpx2
import pytest

from support.http.databases import completed, shared_settings
from support.http.service import Service, Unique
from support.length import FULL
from support.programs.server_process import Serve, Server, running


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "storage_bound: depends on the database, so it runs on MySQL as well")
    config.addinivalue_line("markers", "several_processes: they share a database, so it runs on MySQL")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Decide which databases the test runs on."""
    chosen = [mark for mark in metafunc.definition.iter_markers("parametrize") if mark.args[0] == "database"]
    if "database" in metafunc.fixturenames and not chosen:
        metafunc.parametrize("database", databases_for(metafunc.definition), indirect=True, scope="session")


def databases_for(test: pytest.Item) -> list[str]:
    if FULL or test.get_closest_marker("storage_bound") is not None:
        return ["sqlite", "mysql"]
    return ["sqlite"] if test.get_closest_marker("several_processes") is None else ["mysql"]


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest) -> str:
    """Which database the server under test runs on."""
    return str(request.param)


@pytest.fixture(scope="session")
def server(database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with default settings, shared by all tests: use names of your own."""
    folder = tmp_path_factory.mktemp(database)
    with running(folder, **completed({}, database, request, folder)) as running_server:
        yield running_server


@pytest.fixture
def client(server: Service) -> Iterator[httpx2.Client]:
    """A client of the shared server, without credentials."""
    with server.client() as client:
        yield client


@pytest.fixture
def admin(server: Service) -> Iterator[httpx2.Client]:
    """A client of the shared server, signed in as an admin."""
    with server.client(headers=server.admin.bearer) as client:
        yield client


@pytest.fixture(scope="session")
def registered(server: Server) -> tuple[str, str]:
    """Id and secret of a registered service."""
    return server.add_service("registered")


@pytest.fixture
def service(server: Service, registered: tuple[str, str]) -> Iterator[httpx2.Client]:
    """A client of the shared server that authenticates as a registered service."""
    with server.client(auth=registered) as client:
        yield client


@pytest.fixture
def serve(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Serve]:
    """`serve(dialect="tutorial")`: a server with such settings, each on a fresh database."""
    numbers = count()
    with ExitStack() as stack:

        def start(**settings: str) -> Server:
            folder = tmp_path / str(next(numbers))
            return stack.enter_context(running(folder, **completed(settings, database, request, folder)))

        yield start


@pytest.fixture
def shared(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Settings of nodes that share one fresh database: `serve(**shared)` twice starts two nodes."""
    return shared_settings(database, request, tmp_path)


@pytest.fixture
def unique() -> Unique:
    """A name that no other test uses."""
    return fresh_name


NAMES = count()


def fresh_name(stem: str = "user") -> str:
    return f"{stem}{next(NAMES)}"
