"""Tables as the migrations make them, without running every migration each time.

In a process, the first database of a kind is migrated. What it contains then is made again in those that follow:
`test_made_tables.py` proves that nothing differs. Tests that are about migrations call `migrate`.
"""

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache
from pathlib import Path

from doorward.infrastructure.adapters.storage_adapter import StorageAdapter
from doorward.infrastructure.sql.adapter import SqlAdapter
from doorward.infrastructure.sql.engine import make_database_file
from doorward.infrastructure.sql.naming import VERSION_TABLE
from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.tables import metadata
from doorward.infrastructure.sql.urls import DatabaseUrl
from support.mysql.server import Account

STATEMENTS: dict[str, tuple[str, ...]] = {}
"""What fills an empty MySQL database, by the prefix of the tables."""


def make_tables(url: DatabaseUrl) -> None:
    """Give a database the tables and rows that migrations give it. One that has tables of Doorward stays as it is.

    Blocks, and may be called inside an event loop.
    """
    if url.sqlite_path is None:
        make_mysql_tables(url)
    elif not url.sqlite_path.exists():
        make_database_file(url.sqlite_path)
        url.sqlite_path.write_bytes(sqlite_file(url.table_prefix))


def make_tables_of(adapter: StorageAdapter) -> None:
    """Do the same for the database of an adapter of SQLite or MySQL."""
    assert isinstance(adapter, SqlAdapter)
    make_tables(adapter.url)


def make_mysql_tables(url: DatabaseUrl) -> None:
    account = account_of(url)
    if account.execute(f"SHOW TABLES IN {url.database} LIKE '{url.table_prefix}{VERSION_TABLE}'"):
        return
    if url.table_prefix in STATEMENTS:
        account.execute(f"USE {url.database}", "SET foreign_key_checks = 0", *STATEMENTS[url.table_prefix])
        return
    run_migrations(url)
    STATEMENTS[url.table_prefix] = statements_of(account, url)


def account_of(url: DatabaseUrl) -> Account:
    return Account(
        host=url.hosts[0].name,
        port=url.hosts[0].port,
        user=url.username,
        password=url.password,
        query=f"ssl-mode={url.tls.value}",
    )


def statements_of(account: Account, url: DatabaseUrl) -> tuple[str, ...]:
    """Return the statements that make Doorward's tables of a database, and their rows, in another one."""
    statements = []
    for name in (VERSION_TABLE, *metadata.tables):
        table = f"{url.table_prefix}{name}"
        ((_, statement),) = account.execute(f"SHOW CREATE TABLE {url.database}.{table}")
        statements.append(as_written(statement))
        rows = account.execute(f"SELECT * FROM {url.database}.{table}")
        statements += [f"INSERT INTO {table} VALUES ({', '.join(map(literal, row))})" for row in rows]
    return tuple(statements)


def as_written(statement: str) -> str:
    """Return a statement of SHOW CREATE TABLE without the collation of each column that has its table's. MySQL adds it,
    and remembers whether it was given."""
    collation = statement.rpartition(" COLLATE=")[2]
    return statement.replace(f" COLLATE {collation}", "")


def literal(value: bytes | str | int | datetime) -> str:
    """Return a value as MySQL reads it in a statement."""
    match value:
        case bytes():
            return f"x'{value.hex()}'"
        case str():
            return f"CONVERT(x'{value.encode().hex()}' USING utf8mb4)"
        case datetime():
            return f"'{value.isoformat(' ', 'microseconds')}'"
        case int():
            return str(value)


@cache
def sqlite_file(table_prefix: str) -> bytes:
    """Return what a migrated file contains."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data", "doorward.db")
        run_migrations(DatabaseUrl(sqlite_path=path, table_prefix=table_prefix))
        return path.read_bytes()


def run_migrations(url: DatabaseUrl) -> None:
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, migrate(url)).result()
