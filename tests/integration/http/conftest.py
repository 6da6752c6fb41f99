from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import httpx2
import pytest

from support.mysql.server import MySQLServer
from support.programs.server_process import Serve, Server, Unique, running
from support.stalls import Stalls, stalls


@pytest.fixture(scope="session", params=["sqlite", "mysql"])
def database(request: pytest.FixtureRequest) -> str:
    """Which database the server under test runs on: each test runs on both."""
    return str(request.param)


def settings_for(database: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """What a server needs to know of a fresh database of that kind."""
    if database == "sqlite":
        return {}
    server: MySQLServer = request.getfixturevalue("mysql_server")
    return {"database_url": server.fresh_database()}


@pytest.fixture(scope="session")
def server(database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with default settings, shared by all tests: use names of your own."""
    with running(tmp_path_factory.mktemp(database), **settings_for(database, request)) as running_server:
        yield running_server


@pytest.fixture
def client(server: Server) -> Iterator[httpx2.Client]:
    """Nobody in particular, asking the shared server."""
    with server.client() as client:
        yield client


@pytest.fixture
def admin(server: Server) -> Iterator[httpx2.Client]:
    with server.client(headers=server.admin.bearer) as client:
        yield client


@pytest.fixture(scope="session")
def registered(server: Server) -> tuple[str, str]:
    """Id and secret of a service that has nothing else to do."""
    return server.add_service("registered")


@pytest.fixture
def service(server: Server, registered: tuple[str, str]) -> Iterator[httpx2.Client]:
    with server.client(auth=registered) as client:
        yield client


@pytest.fixture
def serve(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Serve]:
    """`serve(dialect="tutorial")`: a server of one's own with such settings, on a fresh database."""
    numbers = count()
    with ExitStack() as stack:

        def start(**settings: str) -> Server:
            chosen = {**settings_for(database, request), **settings}
            return stack.enter_context(running(tmp_path / str(next(numbers)), **chosen))

        yield start


@pytest.fixture
def shared(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Settings for nodes of one fresh database: `serve(**shared)` twice makes two."""
    settings = settings_for(database, request) or {"database_url": f"sqlite:///{tmp_path / 'shared.db'}"}
    secret = "one secret of every node of this test, 2b7e151628aed2a6"
    return {**settings, "secret_key": secret, "issuer": "http://127.0.0.1"}


@pytest.fixture
def unique() -> Unique:
    """A name that no other test uses."""
    return fresh_name


NAMES = count()


def fresh_name(stem: str = "user") -> str:
    return f"{stem}{next(NAMES)}"


@pytest.fixture
def machine() -> Iterator[Stalls]:
    with stalls() as watched:
        yield watched
