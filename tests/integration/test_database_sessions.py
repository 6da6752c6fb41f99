"""Settings of each database connection, whatever the defaults of the server, and the modes of SQLite's files."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, text

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.settings.loading import load_settings
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.connection import connected
from doorward.infrastructure.sql.engine import Engines, open_engines
from doorward.infrastructure.sql.mysql.hosts import Host
from doorward.infrastructure.sql.pools import Connections
from doorward.infrastructure.sql.schema import check_schema, migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.tables import roles
from doorward.infrastructure.sql.urls import DatabaseUrl, Tls
from doorward.testing.builders import a_user
from doorward.testing.storage_access import put
from support.http.tls_proxy import certificate
from support.made_tables import make_tables
from support.mysql.server import MySQLServer


async def ask(connections: Connections, question: str) -> object:
    async with connected(connections, in_transaction=False) as connection:
        ((answer,),) = await connection.rows(text(question))
    return answer


@pytest.fixture(params=["sqlite", "mysql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseUrl:
    is_file = request.param == "sqlite"
    return DatabaseUrl.parse(f"sqlite:///{tmp_path}/a.db" if is_file else request.getfixturevalue("mysql_url"))


@pytest.fixture
async def mysql(mysql_url: str) -> AsyncIterator[Engines]:
    engines = open_engines(DatabaseUrl.parse(mysql_url), 2)
    yield engines
    await engines.close()


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A migrated database file in a directory that the migration created."""
    path = tmp_path / "data" / "doorward.db"
    await migrate(DatabaseUrl.parse(f"sqlite:///{path}"))
    return path


@pytest.fixture
async def sqlite(file: Path) -> AsyncIterator[Engines]:
    engines = open_engines(DatabaseUrl.parse(f"sqlite:///{file}"), 2)
    yield engines
    await engines.close()


async def test_nothing_is_written_through_connections_for_reading(url: DatabaseUrl) -> None:
    """Whether the database would take it or not: TiDB and Vitess have no connections that are read-only."""
    make_tables(url)
    engines = open_engines(url, 2)
    async with connected(engines.reading, in_transaction=False) as connection:
        with pytest.raises(TypeError, match="A reading cannot write"):
            await connection.change(delete(roles))
        with pytest.raises(TypeError, match="A reading cannot write"):
            await connection.change_all(insert(roles), [{"name": "x", "description": ""}])
        with pytest.raises(TypeError, match="A reading cannot write"):
            await connection.rows(delete(roles))
        with pytest.raises(TypeError, match="A reading cannot write"):
            connection.postpone(lambda _: None, delete(roles), "none")
    await engines.close()


async def test_a_reading_is_no_transaction_that_grows_old(mysql: Engines, mysql_url: str) -> None:
    """Each statement sees what is committed when it runs."""
    url = DatabaseUrl.parse(mysql_url)
    make_tables(url)
    storage = SqlStorage.open(url)
    async with connected(mysql.reading, in_transaction=False) as connection:
        count = text("SELECT count(*) FROM users")
        assert (await connection.rows(count))[0][0] == 0
        await put(storage, a_user())
        assert (await connection.rows(count))[0][0] == 1
    await storage.close()


async def test_a_connection_with_tls_required_is_encrypted(mysql_url: str, mysql_server: MySQLServer) -> None:
    """ST-07."""
    ((_, offered),) = mysql_server.sql("SHOW VARIABLES LIKE 'have_ssl'") or [("have_ssl", "YES")]
    engines = open_engines(DatabaseUrl.parse(f"{mysql_url.partition('?')[0]}?ssl-mode=REQUIRED"), 2)
    try:
        async with connected(engines.reading, in_transaction=False) as connection:
            (status,) = await connection.rows(text("SHOW STATUS LIKE 'Ssl_cipher'"))
            assert status[1]
    except StorageUnavailable:
        assert offered != "YES"
    finally:
        await engines.close()


@pytest.mark.parametrize("mode", ["VERIFY_CA", "VERIFY_IDENTITY"])
async def test_a_server_whose_certificate_cannot_be_verified_is_refused(mysql_url: str, mode: str) -> None:
    """ST-07."""
    url = DatabaseUrl.parse(f"{mysql_url.partition('?')[0]}?ssl-mode={mode}")
    with pytest.raises(StartRefused, match="cannot be used"):
        await check_schema(url)


async def test_a_server_is_verified_by_a_ca_that_a_setting_holds(
    mysql_url: str, mysql_server: MySQLServer, tmp_path: Path
) -> None:
    """ST-07. MySQL signed its certificate with a CA that it made for itself. Another CA does not do."""
    ((folder,),) = mysql_server.sql("SELECT @@datadir")
    own = Path(folder) / "ca.pem"
    if not own.is_file():
        pytest.skip("the server has no certificate")
    text, variable = own.read_text("utf-8"), {"DOORWARD_DATABASE_URL": mysql_url.partition("?")[0]}
    for ca in (text, text.replace("\n", "\\n")):
        with pytest.raises(StartRefused, match="has no tables of Doorward"):
            await load_settings({**variable, "DOORWARD_DATABASE_SSL_CA": ca}).database.check()
    other = certificate(tmp_path).read_text("utf-8")
    with pytest.raises(StartRefused, match="cannot be used"):
        await load_settings({**variable, "DOORWARD_DATABASE_SSL_CA": other}).database.check()


def test_a_ca_of_a_setting_that_cannot_be_read_is_refused() -> None:
    """ST-07."""
    url = DatabaseUrl.parse("mysql://app@db/doorward", "-----BEGIN CERTIFICATE-----\nhunter2\n")
    with pytest.raises(StartRefused, match=r"^DOORWARD_DATABASE_SSL_CA holds no readable certificates\.$"):
        SqlStorage.open(url)


async def test_mysql_is_reached_by_its_unix_socket(mysql_url: str, mysql_server: MySQLServer) -> None:
    ((folder, socket),) = mysql_server.sql("SELECT @@datadir, @@socket")
    path = Path(folder) / socket
    if not path.is_socket():
        pytest.skip("the server runs on another machine")
    url = DatabaseUrl.parse(mysql_url)
    engines = open_engines(replace(url, hosts=(Host("localhost", 1),), unix_socket=path, tls=Tls.DISABLED), 2)
    try:
        assert await ask(engines.reading, "SELECT 1") == 1
    finally:
        await engines.close()


async def test_a_client_certificate_is_shown_to_the_server(mysql_url: str, mysql_server: MySQLServer) -> None:
    """The account exists only with a certificate, which MySQL made for its clients."""
    ((folder,),) = mysql_server.sql("SELECT @@datadir")
    certificate, key = Path(folder) / "client-cert.pem", Path(folder) / "client-key.pem"
    if not certificate.is_file():
        pytest.skip("the server has no certificate for its clients")
    url = DatabaseUrl.parse(mysql_url)
    account = f"'{url.username}x509'@'%'"
    mysql_server.sql(f"CREATE USER {account} IDENTIFIED BY 'p' REQUIRE X509")
    mysql_server.sql(f"GRANT SELECT ON {url.database}.* TO {account}")
    with_tls = replace(url, username=f"{url.username}x509", password="p", tls=Tls.REQUIRED)
    try:
        for each, accepted in ((with_tls, False), (replace(with_tls, certificate=certificate, private_key=key), True)):
            engines = open_engines(each, 2)
            try:
                assert await ask(engines.reading, "SELECT 1") == 1
                assert accepted
            except StorageUnavailable:
                assert not accepted
            finally:
                await engines.close()
    finally:
        mysql_server.sql(f"DROP USER {account}")


def test_a_client_certificate_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("no certificate")
    url = DatabaseUrl.parse(f"mysql://app@db/doorward?ssl-cert={tmp_path / 'a.pem'}&ssl-key={tmp_path / 'a.key'}")
    with pytest.raises(StartRefused, match="ssl-cert and ssl-key"):
        SqlStorage.open(url)


def test_a_ca_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """ST-07."""
    (tmp_path / "empty.pem").touch()
    for name in ("missing.pem", "empty.pem"):
        url = DatabaseUrl.parse(f"mysql://app@db/doorward?ssl-ca={tmp_path / name}")
        with pytest.raises(StartRefused, match="ssl-ca"):
            SqlStorage.open(url)


async def test_only_the_owner_may_read_sqlite_files(tmp_path: Path) -> None:
    """ST-09, whatever the umask."""
    path = tmp_path / "data" / "doorward.db"
    before = os.umask(0)
    try:
        url = DatabaseUrl.parse(f"sqlite:///{path}")
        await migrate(url)
        storage = SqlStorage.open(url)
        await put(storage, a_user())
        modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
        await storage.close()
    finally:
        os.umask(before)
    assert modes == {"doorward.db": 0o600, "doorward.db-wal": 0o600, "doorward.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_file_that_cannot_be_created_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a directory")
    with pytest.raises(StartRefused, match="cannot be opened"):
        await migrate(DatabaseUrl.parse(f"sqlite:///{tmp_path / 'data' / 'doorward.db'}"))


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 0)],
)
async def test_every_sqlite_connection_has_these_settings(sqlite: Engines, pragma: str, value: object) -> None:
    for each in (sqlite.writing, sqlite.reading):
        assert await ask(each, f"PRAGMA {pragma}") == value


async def test_nothing_is_written_through_sqlite_connections_for_reading(sqlite: Engines) -> None:
    with pytest.raises(StorageUnavailable):
        await ask(sqlite.reading, "DELETE FROM roles RETURNING name")
    assert await ask(sqlite.reading, "SELECT count(*) FROM roles") == 3


async def test_sqlite_tables_are_strict(sqlite: Engines) -> None:
    async with connected(sqlite.writing, in_transaction=True) as connection:
        tables = await connection.rows(text("SELECT name, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite%'"))
    assert {name for name, strict in tables if not strict} == {"doorward_version"}


async def test_readers_of_sqlite_do_not_wait_for_the_writer(sqlite: Engines) -> None:
    async with connected(sqlite.writing, in_transaction=True) as writer:
        await writer.begin()
        await writer.change(text("DELETE FROM roles"))
        assert await asyncio.gather(*(ask(sqlite.reading, "SELECT count(*) FROM roles") for _ in range(9))) == [3] * 9


async def test_errors_do_not_contain_the_values_of_statements(sqlite: Engines) -> None:
    async with connected(sqlite.reading, in_transaction=False) as connection:
        with pytest.raises(StorageUnavailable) as refused:
            await connection.rows(text("INSERT INTO roles VALUES (:name, :name, :name)"), {"name": "hunter2"})
    assert "hunter2" not in f"{refused.value} {refused.value.__cause__}"
