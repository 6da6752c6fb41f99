"""The port of storages whose transactions a program may keep open around several use cases."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from doorward.application.ports.storage import Reading, Storage, Transaction


@runtime_checkable
class JoinableStorage(Storage, Protocol):
    """A Storage that can undo a part of a transaction. `JoinedStorage` needs it; no use case does.

    `tx` is a transaction that this storage has opened and that has not ended.
    """

    def savepoint(self, tx: Transaction) -> AbstractAsyncContextManager[None]:
        """Undo what the transaction did in the block, if the block raises. What it did before stays, and listeners
        hear nothing of what was undone.

        After StorageUnavailable, TransactionConflict and a cancellation nothing is undone here: the transaction can
        only be rolled back.
        """
        ...

    def reading_in(self, tx: Transaction) -> Reading:
        """Return a Reading that sees what the transaction wrote. Raise TypeError for a transaction of another
        storage."""
        ...
