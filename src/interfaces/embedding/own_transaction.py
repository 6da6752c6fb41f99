"""Runs use cases in a transaction that the program opens and commits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar, final

from dishka import AsyncContainer

from doorward.application.accounts.count_attempt import CountAttempt
from doorward.application.accounts.find_and_count import FindAndCount
from doorward.application.accounts.import_users import ImportUsers
from doorward.application.accounts.sign_in_by_code import SignInByCode
from doorward.application.adoption.adopt_accounts import AdoptAccounts
from doorward.application.joined_storage import JoinedStorage
from doorward.application.ports.joining import JoinableStorage
from doorward.application.ports.storage import Storage, Transaction
from doorward.application.sessions.continue_session import ContinueSession
from doorward.application.sessions.refresh_session import RefreshSession
from doorward.infrastructure.container import USE_CASES
from doorward.infrastructure.providers.sign_in import SIGN_IN

if TYPE_CHECKING:
    from doorward.infrastructure.sql.connection import SqlConnection

T = TypeVar("T")

JOINABLE: Final = frozenset({*USE_CASES, *SIGN_IN})
KEEPS_TRACES: Final = frozenset(
    {CountAttempt, FindAndCount, SignInByCode, RefreshSession, ContinueSession, ImportUsers, AdoptAccounts}
)
"""A refusal of these leaves something behind: a counted attempt, the end of a session whose token was stolen, the
accounts before the one that was refused. It must not be rolled back with a transaction of the program."""


@final
class OwnTransaction:
    """A transaction of the program. Its block commits when it ends, and rolls back when it raises."""

    def __init__(self, container: AsyncContainer, storage: Storage, joined: JoinedStorage, tx: Transaction) -> None:
        self._container = container
        self._storage = storage
        self._joined = joined
        self.tx = tx
        """The repositories of Doorward in this transaction."""

    async def get(self, use_case: type[T]) -> T:
        """Return the use case of that class, to be called in this transaction. Its refusals undo what it wrote and do
        not end the transaction.

        Raise TypeError for what is no use case, and for one whose refusals leave a trace: call that one outside.
        """
        if use_case not in JOINABLE or not is_dataclass(use_case):
            raise TypeError(f"{use_case.__name__} cannot run in your transaction; take it from the library.")
        made: T = self._within(await self._container.get(use_case), use_case.__name__)
        return made

    @property
    def connection(self) -> "SqlConnection":
        """The connection to SQLite or MySQL, for statements of your own. Raise TypeError if the storage has none."""
        found: SqlConnection | None = getattr(self.tx, "connection", None)
        if found is None:
            raise TypeError(f"A {type(self.tx).__name__} has no connection for statements of your own.")
        return found

    def _within(self, use_case: Any, wanted: str) -> Any:
        """Return a copy of the use case, and of the use cases that it calls, with the joined storage."""
        if type(use_case) in KEEPS_TRACES:
            raise TypeError(f"{wanted} keeps what it wrote when it refuses; call it outside of your transaction.")
        changed: dict[str, Any] = {}
        for each in fields(use_case):
            value = getattr(use_case, each.name)
            if value is self._storage:
                changed[each.name] = self._joined
            elif type(value) in JOINABLE and is_dataclass(value):
                changed[each.name] = self._within(value, wanted)
        return replace(use_case, **changed)


@asynccontextmanager
async def own_transaction(container: AsyncContainer) -> AsyncIterator[OwnTransaction]:
    """Open a transaction for the block. Raise TypeError if the storage cannot undo a part of one, and
    TransactionConflict when the whole block has to run again: `retried` does that."""
    storage = await container.get(Storage)
    if not isinstance(storage, JoinableStorage):
        raise TypeError(f"A {type(storage).__name__} has no savepoints, so that use cases cannot join a transaction.")
    async with storage.transaction() as tx:
        joined = JoinedStorage(storage, tx)
        try:
            yield OwnTransaction(container, storage, joined, tx)
        finally:
            joined.end()
        joined.refuse_loss()
