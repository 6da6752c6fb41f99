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
from support.http.mounted import mounted
from support.length import FULL

SHAPES = {"served": in_process, "mounted": mounted}
"""The application alone, as a server runs it, and inside of another program."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "served: is about a service that no other program has mounted")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Decide in which shapes the test runs. In the full length those on SQLite run in both."""
    if "shape" in metafunc.fixturenames:
        both = FULL and metafunc.definition.get_closest_marker("served") is None
        shapes = list(SHAPES) if both else ["served"]
        metafunc.parametrize("shape", shapes, indirect=True, scope="session", ids=[*map(id_of, shapes)])


def id_of(shape: str) -> str:
    """The name in the id of a test; pytest leaves the hidden one out."""
    return pytest.HIDDEN_PARAM if shape == "served" else shape  # type: ignore[return-value]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run mounted applications on one database."""
    doubled = [item for item in items if in_both_ways(item)]
    items[:] = [item for item in items if item not in doubled]
    config.hook.pytest_deselected(items=doubled)


def in_both_ways(item: pytest.Item) -> bool:
    params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return params.get("shape") == "mounted" and params.get("database") == "mysql"


@pytest.fixture(scope="session")
def shape(request: pytest.FixtureRequest) -> str:
    """How the application under test is run; a key of SHAPES."""
    return str(request.param)


@pytest.fixture(scope="session")
def server(
    database: str, shape: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    """The application with default settings, shared by all tests: use names of your own."""
    with SHAPES[shape](tmp_path_factory.mktemp(database), **settings_for(database, request)) as service:
        yield service


@pytest.fixture(scope="session")
def registered(server: App) -> tuple[str, str]:
    """Id and secret of a registered service."""
    return server.add_service("registered")


@pytest.fixture
def serve(database: str, shape: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServeApp]:
    """`serve(dialect="tutorial")`: the application with such settings, each on a fresh database."""
    numbers = count()
    with ExitStack() as stack:

        def start(**settings: str) -> App:
            folder = tmp_path / str(next(numbers))
            return stack.enter_context(SHAPES[shape](folder, **completed(settings, database, request)))

        yield start


@pytest.fixture
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything happens at the same time: no minute ends and no delay is over between two requests of a test."""
    moment = SystemClock().now()
    monkeypatch.setattr(SystemClock, "now", lambda _: moment)
