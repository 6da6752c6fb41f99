"""SQLAlchemy's dialect for asyncmy with fewer round trips: MySQLConnector has each server introduce itself once."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, final

from sqlalchemy import Connection
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.mysql.asyncmy import MySQLDialect_asyncmy

from doorward.infrastructure.sql.mysql.origin import origin_of
from doorward.infrastructure.sql.mysql.session_variables import COMMON
from doorward.infrastructure.sql.mysql.standing import COMMIT_ON_PRIMARY, Standing

DRIVER_NAME = "mysql+doorward"
registry.register(DRIVER_NAME.replace("+", "."), __name__, "IntroducedDialect")


@final
class IntroducedDialect(MySQLDialect_asyncmy):
    """Asks a server nothing that it has said already."""

    supports_statement_cache = True

    def on_connect(self) -> None:  # type: ignore[override]
        """Send no SET NAMES: the handshake and the settings of the session have the character set."""

    def initialize(self, connection: Connection) -> None:
        """Take what SQLAlchemy asks on the first connection from what the server said when it was made."""
        known = answers(origin_of(connection.connection).standing)
        super().initialize(Introduced(connection, known))  # type: ignore[arg-type]

    def get_default_isolation_level(self, dbapi_conn: object) -> Any:  # noqa: ARG002 each session is set to it
        return str(COMMON["transaction_isolation"]).replace("-", " ")

    def do_commit(self, dbapi_connection: Any) -> None:
        """Commit. On a member of a group, commit only if it is still the primary, in the same round trip."""
        if not origin_of(dbapi_connection).standing.in_group:
            super().do_commit(dbapi_connection)  # type: ignore[no-untyped-call]
            return
        with closing(dbapi_connection.cursor()) as cursor:
            cursor.execute(COMMIT_ON_PRIMARY)
            cursor.nextset()


def answers(standing: Standing) -> Mapping[str, object]:
    """Return the answers to statements of SQLAlchemy."""
    return {
        "SELECT VERSION()": standing.version,
        "SELECT DATABASE()": standing.database,
        "SELECT @@sql_mode": COMMON["sql_mode"],
        "SELECT @@lower_case_table_names": standing.lower_case_table_names,
    }


@final
class Introduced:
    """Stands in for a connection of SQLAlchemy and for one of the driver. It answers what is known by itself. All else
    goes to the server."""

    def __init__(self, connection: Any, known: Mapping[str, object]) -> None:
        self._connection = connection
        self._known = known

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    @property
    def connection(self) -> "Introduced":
        return Introduced(self._connection.connection, self._known)

    def exec_driver_sql(self, statement: str) -> Any:
        if statement in self._known:
            return Answer(self._known, statement)
        return self._connection.exec_driver_sql(statement)

    def cursor(self) -> Any:
        return Answer(self._known)


@final
@dataclass(slots=True)
class Answer:
    """A result with one value, and a cursor for it."""

    known: Mapping[str, object]
    statement: str = ""

    def execute(self, statement: str) -> None:
        """Raise KeyError for a statement whose answer is not known."""
        self.statement = statement
        self.scalar()

    def scalar(self) -> object:
        return self.known[self.statement]

    def first(self) -> tuple[object]:
        return (self.scalar(),)

    def fetchone(self) -> tuple[object]:
        return self.first()

    def close(self) -> None: ...
