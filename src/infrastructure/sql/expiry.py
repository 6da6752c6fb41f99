"""Deletes rows that have expired, some at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, final

from sqlalchemy import Column, Delete, Select, bindparam, delete, select

from doorward.infrastructure.sql.connection import SqlConnection, padded


@final
@dataclass(frozen=True, slots=True)
class Expiry:
    """The statements for one table. Rows are found first and deleted by their keys, if they still have expired."""

    find: Select[Any]
    remove: Delete

    @classmethod
    def of(cls, key: Column[Any], end: Column[Any]) -> Self:
        """`key` identifies a row of the table, and `end` is the time after which it can go."""
        has_ended = end < bindparam("before")
        return cls(
            find=select(key.label("key")).where(has_ended).limit(bindparam("count")),
            remove=delete(key.table).where(key.in_(bindparam("keys", expanding=True)), has_ended),
        )

    async def prune(self, connection: SqlConnection, before: datetime, limit: int) -> int:
        """Delete at most `limit` rows that ended before that time, and return how many."""
        ended = await connection.rows(self.find, {"before": before, "count": limit})
        if not ended:
            return 0
        return await connection.change(self.remove, {"keys": padded([row.key for row in ended]), "before": before})
