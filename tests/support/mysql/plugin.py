"""The pytest side of `server.py`: fixtures, the marker `mysql`, and the last line of the report.

A test is marked `mysql` when it uses one of the fixtures below or has the text "mysql" as a parameter, so that
`pytest -m mysql` selects these tests. Without a server they are skipped. With CI=true, or when TEST_MYSQL_URL names a
server, a missing server is a failure.

One server serves the whole run. With pytest-xdist it belongs to the controller, and each worker asks the controller
for it. Tests that stop or pause a server use `own_mysql_server`: a second one of their process, which only they use.
"""

import os
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Client, Listener
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from support.mysql.group import Group
from support.mysql.package import NoServerError
from support.mysql.server import MySQLServer, Skipped

FIXTURES = frozenset({"mysql_server", "own_mysql_server", "mysql_url", "mysql_group"})
SERVER = pytest.StashKey[MySQLServer | Skipped]()
DESK = "mysql_desk"
"""The key under which a worker finds the address of the controller's `ServerDesk`."""

Found = MySQLServer | Skipped


@dataclass(slots=True)
class ServerDesk:
    """Runs in the controller of pytest-xdist. Starts the server when the first worker asks for it, and tells every
    worker how to reach it."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="doorward-desk-")))
    key: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)
    found: Found | None = None
    thread: Thread | None = None

    @property
    def address(self) -> str:
        return str(self.folder / "socket")

    def open(self) -> None:
        listener = Listener(self.address, authkey=self.key)
        self.thread = Thread(target=self._answer, args=(listener,))
        self.thread.start()

    def close(self) -> None:
        if self.thread is not None:
            with Client(self.address, authkey=self.key) as connection:
                connection.send("close")
            self.thread.join()
        if isinstance(self.found, MySQLServer):
            self.found.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answer(self, listener: Listener) -> None:
        """Answer one worker after the other until `close` asks for the end."""
        with listener:
            while True:
                with suppress(EOFError, OSError), listener.accept() as connection:
                    if connection.recv() == "close":
                        return
                    self.found = self.found or MySQLServer.find()
                    connection.send(described(self.found))


def described(found: Found) -> Found:
    """The server as another process may use it: it can be asked, and neither stopped nor started."""
    return replace(found, process=None, databases=set()) if isinstance(found, MySQLServer) else found


def ask_desk(desk: tuple[str, bytes]) -> Found:
    address, key = desk
    with Client(address, authkey=key) as connection:
        connection.send("server")
        found: Found = connection.recv()
    return found


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "mysql: needs a MySQL server; set by fixture or parameter, not by hand")
    config.addinivalue_line("markers", "own_mysql: stops and starts its MySQL server; set by fixture")
    config.pluginmanager.register(MySQLReport(), "mysql-report")


@pytest.fixture(scope="session")
def mysql_server(pytestconfig: pytest.Config) -> Iterator[MySQLServer]:
    """The server of this run, which no test stops."""
    worker: dict[str, Any] | None = getattr(pytestconfig, "workerinput", None)
    found = MySQLServer.find() if worker is None else ask_desk(worker[DESK])
    pytestconfig.stash[SERVER] = found
    yield usable(found)
    if isinstance(found, MySQLServer):
        found.stop()


def usable(found: Found) -> MySQLServer:
    """Skip the test when there is no server, or fail it where one must be there."""
    if isinstance(found, Skipped):
        is_required = os.environ.get("CI") == "true" or bool(os.environ.get("TEST_MYSQL_URL"))
        refuse = pytest.fail if is_required else pytest.skip
        refuse(f"no MySQL server: {found.reason}")
    return found


@pytest.fixture(scope="session")
def stoppable_mysql_server(pytestconfig: pytest.Config) -> Iterator[MySQLServer]:
    """A second server. `own_mysql_server` hands it to one test after the other."""
    found = MySQLServer.find()
    pytestconfig.stash.setdefault(SERVER, found)
    server = usable(found)
    yield server
    server.stop()


@pytest.fixture
def own_mysql_server(stoppable_mysql_server: MySQLServer) -> Iterator[MySQLServer]:
    """A server that the test may pause, kill and start, and whose global state nobody else changes meanwhile. It
    answers again when the test has ended."""
    if not stoppable_mysql_server.is_ours:
        pytest.skip(f"the server {stoppable_mysql_server.origin} is not ours to stop")
    yield stoppable_mysql_server
    stoppable_mysql_server.restore()


@pytest.fixture(scope="session")
def started_mysql_group(pytestconfig: pytest.Config) -> Iterator[Group]:
    """A group of three servers. `mysql_group` hands it to one test after the other."""
    try:
        group = Group.start()
    except NoServerError as error:
        pytestconfig.stash.setdefault(SERVER, Skipped(reason=str(error)))
        usable(Skipped(reason=str(error)))
        raise
    yield group
    group.stop()


@pytest.fixture
def mysql_group(started_mysql_group: Group) -> Group:
    """Three servers in group replication, which the test may pause, kill, start and have rejoin. All of them are ONLINE
    and the first one is the primary when the test begins. It takes 15 s to start, so its tests are marked `full`."""
    started_mysql_group.restore()
    return started_mysql_group


@pytest.fixture
def mysql_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database for this test, on its own server when it has one."""
    name = "own_mysql_server" if "own_mysql_server" in request.fixturenames else "mysql_server"
    server: MySQLServer = request.getfixturevalue(name)
    url = server.fresh_database()
    yield url
    if name == "own_mysql_server":
        server.restore()
    server.drop(url)


def needs_mysql(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    parameters = [] if call is None else [value for value in call.params.values() if isinstance(value, str)]
    return "mysql" in parameters or not FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


class MySQLReport:
    """Marks the tests, and says at the end which server they ran on."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.desk: ServerDesk | None = None

    @pytest.hookimpl(tryfirst=True)  # before `-m` selects
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in filter(needs_mysql, items):
            item.add_marker("mysql")
            item.user_properties.append(("needs", "mysql"))
            if "own_mysql_server" in getattr(item, "fixturenames", ()):
                item.add_marker("own_mysql")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Called by pytest-xdist in the controller, before each worker starts."""
        if self.desk is None:
            self.desk = ServerDesk()
            self.desk.open()
        node.workerinput[DESK] = (self.desk.address, self.desk.key)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        is_outcome = report.when == "call" or report.outcome != "passed"
        if is_outcome and ("needs", "mysql") in map(tuple, report.user_properties):
            self.outcomes["ran" if report.when == "call" and not report.skipped else report.outcome] += 1

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        server = config.stash.get(SERVER, None)
        if self.desk is not None:
            self.desk.close()
            server = self.desk.found
        if not config.getoption("collectonly") and not hasattr(config, "workerinput"):
            config.get_terminal_writer().line(self.verdict(server))

    def verdict(self, server: Found | None) -> str:
        if not self.outcomes:
            return "MySQL tests: none were chosen."
        ran, skipped, failed = (self.outcomes[outcome] for outcome in ("ran", "skipped", "failed"))
        if isinstance(server, Skipped):
            return f"MySQL tests: {skipped + failed} NOT RUN, there is no server: {server.reason}"
        aside = f", {skipped} skipped" if skipped else ""
        return f"MySQL tests: {ran} ran on {server or 'a server of their own'}{aside}."
