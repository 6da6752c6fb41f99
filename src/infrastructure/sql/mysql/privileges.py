"""Finds which privileges the account of a MySQL database lacks, by statements that change no row.

The server checks the privileges of a statement before it looks at rows. Its list of grants would have to be read with
all roles, patterns and revocations.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Executable, Table, delete, false, insert, literal_column, select, update
from sqlalchemy.exc import DBAPIError

from doorward.domain.errors import StorageUnavailable
from doorward.infrastructure.finding import Finding
from doorward.infrastructure.sql.connection import connected
from doorward.infrastructure.sql.errors import ELSEWHERE_CODES, MISSING_PRIVILEGE_CODES, error_code
from doorward.infrastructure.sql.pools import Connections
from doorward.infrastructure.sql.tables import metadata


@dataclass(slots=True)
class Missing:
    """What is missing, with the server's own sentence about the first of it."""

    tables_by_privilege: dict[str, list[str]] = field(default_factory=dict)
    sentence: str = ""

    def add(self, privilege: str, table: str, error: DBAPIError) -> None:
        self.tables_by_privilege.setdefault(privilege, []).append(table)
        self.sentence = self.sentence or " ".join(str(part) for part in getattr(error.orig, "args", ()))

    def __str__(self) -> str:
        each = (f"{name} on {', '.join(tables)}" for name, tables in self.tables_by_privilege.items())
        return f"the account lacks {'; '.join(each)} ({self.sentence})"


async def diagnose_privileges(connections: Connections, table_prefix: str) -> Finding:
    missing = Missing()
    for table in metadata.sorted_tables:
        for privilege, statement in statements(table):
            try:
                await attempt(connections, statement)
            except StorageUnavailable as refused:
                error = refused.__cause__
                code = error_code(error.orig) if isinstance(error, DBAPIError) else None
                if isinstance(error, DBAPIError) and code in MISSING_PRIVILEGE_CODES:
                    missing.add(privilege, f"{table_prefix}{table.name}", error)
                elif code not in ELSEWHERE_CODES:  # another finding is about a server that is read-only
                    raise
    return Finding.judged(
        "privileges",
        str(missing) if missing.sentence else "the account may read and write all tables",
        good=not missing.sentence,
        fix="grant SELECT, INSERT, UPDATE and DELETE on the database to this account",
    )


async def attempt(connections: Connections, statement: Executable) -> None:
    """Run the statement and roll it back. Raise StorageUnavailable."""
    async with connected(connections, in_transaction=True) as connection:
        await connection.begin()
        await connection.change(statement)


def statements(table: Table) -> Iterator[tuple[str, Executable]]:
    """Yield each privilege that serving needs, with a statement that needs it and finds no row."""
    first = next(iter(table.columns))
    yield "SELECT", select(literal_column("1")).select_from(table).where(false())
    yield "INSERT", insert(table).from_select([*table.columns.keys()], select(table).where(false()))
    yield "UPDATE", update(table).values({first: first}).where(false())
    yield "DELETE", delete(table).where(false())
