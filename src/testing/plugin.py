"""The fixtures of pytest. pytest finds this module by the entry point `doorward`, in every run in whose environment
Doorward is installed: it imports nothing of Doorward before a fixture is used.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from doorward.testing.app import InMemoryApp
    from doorward.testing.in_memory import InMemoryDoorward
    from doorward.testing.server import DoorwardServer

MISSING = "The fixture {} needs the packages of the server: pip install 'doorward[testing]'. {}."


@pytest.fixture
def doorward_settings() -> Mapping[str, Any]:
    """The settings of `doorward` and `doorward_app`, as `Settings.of` takes them. A test module or a conftest.py
    replaces it with a fixture of this name, which returns such as `{"sign_up": "invited"}`."""
    return {}


@pytest.fixture
def doorward(doorward_settings: Mapping[str, Any]) -> "InMemoryDoorward":
    """The service in memory, new for each test."""
    from doorward.testing.in_memory import InMemoryDoorward  # noqa: PLC0415 see above

    return InMemoryDoorward(**doorward_settings)


@pytest.fixture
def doorward_app(doorward: "InMemoryDoorward") -> "Iterator[InMemoryApp]":
    """The HTTP API of the fixture `doorward`, called in this process."""
    try:
        from doorward.testing.app import InMemoryApp  # noqa: PLC0415 see above
    except ModuleNotFoundError as error:
        pytest.fail(MISSING.format("doorward_app", error), pytrace=False)
    app = InMemoryApp(doorward)
    yield app
    app.close()


@pytest.fixture(scope="session")
def doorward_server(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[DoorwardServer]":
    """The service as a process on SQLite, shared by all tests of the run: use names of your own. A conftest.py that
    needs other settings, or a fresh one, replaces it, with `DoorwardServer.running(folder, ...)`."""
    try:
        from doorward.testing.server import DoorwardServer  # noqa: PLC0415 see above
    except ModuleNotFoundError as error:
        pytest.fail(MISSING.format("doorward_server", error), pytrace=False)
    with DoorwardServer.running(tmp_path_factory.mktemp("doorward")) as server:
        yield server
