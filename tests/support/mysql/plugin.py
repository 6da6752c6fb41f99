"""The pytest side of `mysql_server`: fixtures, the marker `mysql`, and the last line of the report.

A test is marked `mysql` by using one of the fixtures below or by a parameter that is the text "mysql", so that
`pytest -m mysql` runs them alone; those that stop and start the server are marked `own_mysql`, too. Without a
server they are skipped; with CI=true, or when TEST_MYSQL_URL named one, that is a failure.
"""

import os
from collections import Counter
from collections.abc import Iterator

import pytest

from support.mysql.server import MySQLServer, Skipped

FIXTURES = frozenset({"mysql_server", "own_mysql_server", "mysql_url"})
SERVER = pytest.StashKey[MySQLServer | Skipped]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "mysql: needs a MySQL server; set by fixture or parameter, not by hand")
    config.addinivalue_line("markers", "own_mysql: stops and starts the MySQL server; set by fixture")
    config.pluginmanager.register(MySQLReport(), "mysql-report")


@pytest.fixture(scope="session")
def mysql_server(pytestconfig: pytest.Config) -> Iterator[MySQLServer]:
    """The one server of this run."""
    server = pytestconfig.stash[SERVER] = MySQLServer.find()
    if isinstance(server, Skipped):
        is_meant = os.environ.get("CI") == "true" or bool(os.environ.get("TEST_MYSQL_URL"))
        refuse = pytest.fail if is_meant else pytest.skip
        refuse(f"no MySQL server: {server.reason}")
    yield server
    server.stop()


@pytest.fixture
def own_mysql_server(mysql_server: MySQLServer) -> Iterator[MySQLServer]:
    """The same server, where it may be paused, killed and started; it answers again when the test has ended."""
    if not mysql_server.is_ours:
        pytest.skip(f"the server {mysql_server.origin} is not ours to stop")
    yield mysql_server
    mysql_server.restore()


@pytest.fixture
def mysql_url(mysql_server: MySQLServer) -> Iterator[str]:
    """An empty database of this test's own."""
    url = mysql_server.fresh_database()
    yield url
    mysql_server.drop(url)


def needs_mysql(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    parameters = [] if call is None else [value for value in call.params.values() if isinstance(value, str)]
    return "mysql" in parameters or not FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


class MySQLReport:
    """Marks the tests and says in the end how they fared."""

    def __init__(self) -> None:
        self.marked: set[str] = set()
        self.outcomes: Counter[str] = Counter()

    @pytest.hookimpl(tryfirst=True)  # before `-m` chooses
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in filter(needs_mysql, items):
            item.add_marker("mysql")
            self.marked.add(item.nodeid)
            if "own_mysql_server" in getattr(item, "fixturenames", ()):
                item.add_marker("own_mysql")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.nodeid in self.marked and (report.when == "call" or report.outcome != "passed"):
            self.outcomes["ran" if report.when == "call" and not report.skipped else report.outcome] += 1

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        if not config.getoption("collectonly"):
            config.get_terminal_writer().line(self.verdict(config.stash.get(SERVER, None)))

    def verdict(self, server: MySQLServer | Skipped | None) -> str:
        ran, skipped, failed = (self.outcomes[outcome] for outcome in ("ran", "skipped", "failed"))
        match server:
            case None:
                return "MySQL tests: none were chosen."
            case Skipped(reason=reason):
                return f"MySQL tests: {skipped + failed} NOT RUN, there is no server: {reason}"
            case _:
                aside = f", {skipped} skipped" if skipped else ""
                return f"MySQL tests: {ran} ran on {server}{aside}."
