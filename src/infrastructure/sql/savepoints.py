"""Undoes a part of a transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import text

from doorward.domain.errors import StorageUnavailable, TransactionConflict
from doorward.infrastructure.sql.audit_heads import AuditHeads
from doorward.infrastructure.sql.changes import Feed
from doorward.infrastructure.sql.connection import SqlConnection

SET: Final = text("SAVEPOINT doorward")
UNDO: Final = text("ROLLBACK TO SAVEPOINT doorward")
RELEASE: Final = text("RELEASE SAVEPOINT doorward")


@asynccontextmanager
async def savepoint(connection: SqlConnection, feed: Feed, heads: AuditHeads) -> AsyncIterator[None]:
    """Undo what the block does if it raises, also what is remembered of it here. Rows that it locked stay locked.

    After a conflict or a failure of the database nothing is sent: there may be no transaction any more.
    """
    announced, known = len(feed.announced), dict(heads.known)
    await connection.change(SET)
    try:
        yield
    except (StorageUnavailable, TransactionConflict):
        raise
    except Exception:
        connection.postponed.clear()  # it is from the block, since the statement that set the savepoint did all before
        await connection.change(UNDO)
        del feed.announced[announced:]
        heads.known.clear()
        heads.known.update(known)
        raise
    await connection.change(RELEASE)
