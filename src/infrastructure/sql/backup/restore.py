"""Stores the content of a backup. On SQLite it is one transaction; on MySQL, where that would be too large, the mark of
`unfinished_restore.py` keeps nodes from what is stored in part."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, final

from sqlalchemy import Connection, Table, delete, func, insert, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from doorward.application.nodes.living import MISSED_REPORTS, REPORT_SECONDS, REPORT_SECONDS_ON_FILES
from doorward.application.ports.audit import AuditEntry, Details
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.errors import BackupUnreadable, RestoreRefused
from doorward.infrastructure.adapters.backup_adapter import Progress, RestoreRequest
from doorward.infrastructure.backup.form import Heading, TableHeading, Values
from doorward.infrastructure.backup.reading import ALTERED, BackupReader
from doorward.infrastructure.backup.voided import Row
from doorward.infrastructure.quantity import quantity
from doorward.infrastructure.sql import nodes as living_nodes
from doorward.infrastructure.sql.audit import append_entries
from doorward.infrastructure.sql.audit_heads import AuditHeads
from doorward.infrastructure.sql.backup.tables import backed_up, table_of
from doorward.infrastructure.sql.backup.unfinished_restore import held_version, is_unfinished, mark, revision_of, unmark
from doorward.infrastructure.sql.contents import columns_of
from doorward.infrastructure.sql.tables import invitations, nodes, services, users
from doorward.infrastructure.sql.types import SQLITE

ROWS_PER_DELETION: Final = 5000
BATCHES_PER_COMMIT: Final = 10
MAX_LOCK_NAME_CHARACTERS: Final = 64
HELD: Final[dict[Table, str]] = {users: "account", services: "service", invitations: "invitation"}
"""What a database must not hold, unless the operator says that it may be deleted."""


@final
@dataclass(slots=True)
class Restoring:
    """The restore of one backup on one connection, which the caller closes."""

    connection: Connection
    request: RestoreRequest
    prefix: str
    """That of the tables of this installation."""
    progress: Progress
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def _is_file(self) -> bool:
        return self.connection.dialect.name == SQLITE

    def empty(self, revision: str) -> None:
        """Delete what the database contains, which has this revision, and keep its schema. Raise RestoreRefused."""
        with self._alone():
            self._delete_all(revision)
            unmark(self.connection, revision)

    def load(self, reader: BackupReader) -> None:
        """Store the backup in place of what the database contains, whose schema has the revision of the backup. Raise
        BackupUnreadable, RestoreRefused or InvalidKey."""
        heading = reader.heading
        self._refuse_other_columns(heading)
        with self._alone():
            self._delete_all(heading.schema)
            for table in heading.tables:
                self._load_table(reader, table)
            reader.end()
            self._append_audit_entry(heading)
            unmark(self.connection, heading.schema)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Commit at the end of the block. No other restore may run meanwhile; on SQLite nobody else writes at all."""
        if self._is_file:
            self.connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield
            self.connection.exec_driver_sql("COMMIT")
            return
        name = func.left(func.concat(f"doorward restore {self.prefix} ", func.database()), MAX_LOCK_NAME_CHARACTERS)
        if self.connection.scalar(select(func.get_lock(name, 0))) != 1:
            raise RestoreRefused("Another process is restoring a backup into this database; wait until it has ended.")
        yield
        self.connection.commit()
        self.connection.execute(select(func.release_lock(name)))

    def _commit_part(self) -> None:
        if not self._is_file:
            self.connection.commit()

    def _delete_all(self, revision: str) -> None:
        version = held_version(self.connection)  # another restore may have ended since it was read without the lock
        if revision_of(version) != revision:
            raise RestoreRefused("Another process has just changed the schema of this database; try again.")
        self._refuse_working_node()
        if not self.request.replace and not is_unfinished(version):
            self._refuse_content()
        mark(self.connection, revision)
        self._commit_part()
        for table in reversed(list(backed_up())):
            if columns_of(self.connection, f"{self.prefix}{table.name}") is not None:
                self._delete_rows(table)

    def _delete_rows(self, table: Table) -> None:
        statement = delete(table).with_dialect_options(mysql_limit=ROWS_PER_DELETION)
        while self.connection.execute(statement).rowcount >= ROWS_PER_DELETION:
            self._commit_part()
            if self._is_file:  # it has deleted all rows at once
                return

    def _refuse_working_node(self) -> None:
        if columns_of(self.connection, f"{self.prefix}{nodes.name}") is None:
            return  # a schema of before: no node reports itself
        report_seconds = REPORT_SECONDS_ON_FILES if self._is_file else REPORT_SECONDS
        silence = report_seconds * MISSED_REPORTS
        alive = [row.name for row in self.connection.execute(living_nodes.ALL) if row.age <= silence]
        if alive:
            raise RestoreRefused(
                f"The node {alive[0]} works with this database, or was killed less than {silence:.0f} seconds ago; "
                "stop all nodes, or wait so long."
            )

    def _refuse_content(self) -> None:
        counts = {
            noun: self.connection.scalars(select(func.count()).select_from(table)).one()
            for table, noun in HELD.items()
            if columns_of(self.connection, f"{self.prefix}{table.name}") is not None
        }
        found = [quantity(count, noun) for noun, count in counts.items() if count]
        if found:
            raise RestoreRefused(
                f"The database holds {', '.join(found)}; name an empty one in DOORWARD_DATABASE_URL, or add --replace "
                "to delete everything that it holds."
            )

    def _refuse_other_columns(self, heading: Heading) -> None:
        given = {table.name: frozenset(table.names) for table in heading.tables}
        present = {
            table.name: columns
            for table in backed_up()
            if (columns := columns_of(self.connection, f"{self.prefix}{table.name}")) is not None
        }
        for name in sorted(given.keys() | present.keys()):
            if given.get(name) != present.get(name):
                raise BackupUnreadable(f"its table {name} is not the one of schema {heading.schema}")

    def _load_table(self, reader: BackupReader, heading: TableHeading) -> None:
        add, done = insert(table_of(heading)), 0
        for batch, rows in enumerate(reader.rows(heading), 1):
            stored = restored_rows(heading, rows, self.request.rules.restored)
            if stored:
                with storable():
                    self.connection.execute(add, stored)
            done += len(rows)
            if len(stored) < len(rows):
                self.left_out[heading.name] = self.left_out.get(heading.name, 0) + len(rows) - len(stored)
            if batch % BATCHES_PER_COMMIT == 0:
                self._commit_part()
            self.progress(heading.name, done, heading.rows)
        self._commit_part()

    def _append_audit_entry(self, heading: Heading) -> None:
        rules = self.request.rules
        after: Details = {
            "backup_of": heading.at.isoformat(),
            "schema": heading.schema,
            "accounts": heading.rows_of(users.name),
            "sessions": "ended" if rules.end_sessions else "kept",
        }
        entry = AuditEntry(event=SecurityEvent.DATABASE_RESTORED, by=OPERATOR, after=after)
        append_entries(self.connection, AuditHeads(), lambda: rules.now, [entry])


def restored_rows(
    heading: TableHeading, rows: Sequence[Values], restored: Callable[[str, Row], Row | None]
) -> list[Row]:
    """Return the rows as they are stored, without those that are left out. Raise BackupUnreadable for a row that lacks
    what a rule needs, and InvalidKey."""
    try:
        given = [restored(heading.name, dict(zip(heading.names, row, strict=True))) for row in rows]
    except (KeyError, TypeError, ValueError):
        raise BackupUnreadable(ALTERED) from None
    return [row for row in given if row is not None]


@contextmanager
def storable() -> Iterator[None]:
    """Raise BackupUnreadable for rows that the database cannot store. Doorward has read each row of a backup from such
    a table."""
    try:
        yield
    except (IntegrityError, DataError, OverflowError) as error:
        raise BackupUnreadable(ALTERED) from error
    except StatementError as error:
        if isinstance(error, DBAPIError):
            raise
        raise BackupUnreadable(ALTERED) from error
