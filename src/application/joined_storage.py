from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import final

from doorward.application.ports.joining import JoinableStorage
from doorward.application.ports.storage import CommitListener, Reading, Transaction
from doorward.domain.errors import StorageUnavailable, TransactionConflict


@final
class JoinedStorage:
    """A Storage whose transactions all take place in one transaction of the caller, who commits it.

    A refusal undoes what its use case wrote, and nothing else. It does not end the caller's transaction. A conflict or
    a failure of the database does: from then on every use raises TransactionConflict.
    """

    def __init__(self, storage: JoinableStorage, tx: Transaction) -> None:
        self._storage = storage
        self._tx = tx
        self._is_lost = False
        self._in_use = False
        self._has_ended = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commit nothing when the block ends, and undo what was done in it when it raises. Raise RuntimeError after the
        end of the caller's transaction, and while another use case is in it."""
        self._check()
        if self._in_use:
            raise RuntimeError("Two use cases run at once in one transaction; await one before you call the other.")
        self._in_use = True
        try:
            async with self._storage.savepoint(self._tx):
                yield self._tx
        except BaseException as error:
            self._is_lost |= loses_transaction(error)
            raise
        finally:
            self._in_use = False

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reading]:
        """Read what the caller's transaction sees."""
        self._check()
        try:
            yield self._storage.reading_in(self._tx)
        except BaseException as error:
            self._is_lost |= loses_transaction(error)
            raise

    def on_commit(self, listener: CommitListener) -> None:
        self._storage.on_commit(listener)

    @property
    def reads_can_be_old(self) -> bool:
        """Return False: all is read in the caller's transaction."""
        return False

    def distrust_reads_while(self, are_old: Callable[[], bool]) -> None:
        """Do nothing, for the same reason."""

    def distrusts_reads(self) -> bool:
        return False

    def following(self) -> AbstractAsyncContextManager[Reading]:
        return self.reading()

    async def close(self) -> None:
        """Do nothing: the transaction is the caller's."""

    def refuse_loss(self) -> None:
        """Raise TransactionConflict if the database may have rolled the transaction back, so that it must not be
        committed."""
        if self._is_lost:
            raise TransactionConflict(cause="joined_transaction_was_lost")

    def end(self) -> None:
        """Let nobody use the transaction any more."""
        self._has_ended = True

    def _check(self) -> None:
        if self._has_ended:
            raise RuntimeError("The transaction has ended; get the use case anew.")
        self.refuse_loss()


def loses_transaction(error: BaseException) -> bool:
    """Return whether no savepoint undoes what was done before the error. The database may have rolled all of it back,
    and what ends a task or the program, such as CancelledError, comes at any moment."""
    return isinstance(error, StorageUnavailable | TransactionConflict) or not isinstance(error, Exception)
