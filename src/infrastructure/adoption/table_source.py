"""What all sources have in common that read tables: accounts in the order of their ids, part by part."""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam

from doorward.domain.adoption.foreign_account import ForeignAccount
from doorward.infrastructure.adoption.source_database import SourceDatabase
from doorward.infrastructure.sql.connection import SqlRow

BATCH_SIZE = 500


async def parts(
    database: SourceDatabase,
    accounts: Select[Any],
    key: ColumnElement[Any],
    read: Callable[[Sequence[SqlRow]], Coroutine[Any, Any, Sequence[ForeignAccount]]],
) -> AsyncIterator[Sequence[ForeignAccount]]:
    """Yield what `read` makes of the rows of `accounts`, in the order of `key`, which each row has as `id`."""
    first = accounts.order_by(key).limit(BATCH_SIZE)
    following = first.where(key > bindparam("after"))
    rows = await database.rows(first)
    while rows:
        yield await read(rows)
        rows = await database.rows(following, {"after": rows[-1].id}) if len(rows) == BATCH_SIZE else []


def utc(moment: object) -> datetime | None:
    """Return a time of a database as an aware one. A time without a zone is in UTC, as most systems store it."""
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            return None
    if not isinstance(moment, datetime):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
