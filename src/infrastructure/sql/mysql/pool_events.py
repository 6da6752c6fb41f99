"""What SQLAlchemy's pool of MySQL connections calls: when a connection was made, is taken, and has failed."""

import time
from typing import Any, final

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError

from doorward.infrastructure.sql.errors import is_elsewhere, mark_lost_connections
from doorward.infrastructure.sql.mysql.connector import MySQLConnector
from doorward.infrastructure.sql.mysql.origin import Origin, keep, origin_of
from doorward.infrastructure.sql.mysql.standing import STILL_PRIMARY, Use

PROOF_SECONDS = 5.0
"""A member of a group is asked again whether it is the primary, before a read on a connection whose proof is older.
Transactions have the proof with each commit."""


@final
class PoolEvents:
    def __init__(self, connector: MySQLConnector) -> None:
        self._connector = connector
        self._order = connector.order

    def listen(self, engine: Engine) -> None:
        event.listen(engine, "connect", self.on_connect, insert=True)
        event.listen(engine, "checkout", self.on_checkout)
        event.listen(engine, "handle_error", self.on_error)

    def on_connect(self, connection: Any, record: Any) -> None:
        host, standing = self._connector.made(connection.driver_connection)
        keep(record, Origin(host=host, standing=standing, generation=self._order.generation))

    def on_checkout(self, connection: Any, record: Any, proxy: Any) -> None:  # noqa: ARG002 the event has three
        """Have the pool replace a connection to a host that turned out to be the wrong one."""
        origin = origin_of(record)
        if origin.generation == self._order.generation and not self._is_proof_due(origin):
            return
        if origin.generation != self._order.generation or not is_still_primary(connection):
            self._order.leave(origin.host, origin.generation)
            raise DisconnectionError
        origin.proven_at = time.monotonic()

    def _is_proof_due(self, origin: Origin) -> bool:
        is_needed = self._connector.use is Use.READING and origin.standing.in_group
        return is_needed and time.monotonic() - origin.proven_at > PROOF_SECONDS

    def on_error(self, context: ExceptionContext) -> None:
        mark_lost_connections(context)
        if context.connection is not None and is_elsewhere(context.original_exception):
            origin = origin_of(context.connection.connection)
            self._order.leave(origin.host, origin.generation)


def is_still_primary(connection: Any) -> bool:
    cursor = connection.cursor()
    try:
        cursor.execute(STILL_PRIMARY)
        return cursor.fetchone() is not None
    finally:
        cursor.close()
