from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from sqlalchemy import bindparam, insert, select

from doorward.domain.errors import TransactionConflict
from doorward.infrastructure.sql.connection import MANY_ROWS, SqlConnection, batches, padded
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.tables import adopted_accounts

KNOWN = (
    select(adopted_accounts.c.external_id)
    .where(
        adopted_accounts.c.source == bindparam("source"),
        adopted_accounts.c.external_id.in_(bindparam("external_ids", expanding=True)),
    )
    .execution_options(**MANY_ROWS)
)
ADD = insert(adopted_accounts)


@final
@dataclass(frozen=True, slots=True)
class SqlAdoptions:
    connection: SqlConnection

    async def known(self, source: str, external_ids: Sequence[str]) -> frozenset[str]:
        found: set[str] = set()
        for batch in batches(external_ids):
            rows = await self.connection.rows(KNOWN, {"source": source, "external_ids": padded(batch)})
            found.update(row.external_id for row in rows)
        return frozenset(found)

    async def add_all(self, source: str, external_ids: Sequence[str]) -> None:
        for batch in batches(external_ids):
            rows = [{"source": source, "external_id": external_id} for external_id in batch]
            try:
                await self.connection.change_all(ADD, rows)
            except ConstraintViolated as error:
                raise TransactionConflict(cause="adopted_meanwhile") from error
