"""How several use cases share one transaction of a program."""

import pytest

from doorward.application.joined_storage import JoinedStorage
from doorward.application.transactions import retried
from doorward.domain.errors import TransactionConflict
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.testing.builders import a_user
from doorward.testing.storage_access import found


async def test_after_a_conflict_nothing_runs_in_the_transaction_and_it_is_not_committed() -> None:
    storage, ada, tries = MemoryStorage(), a_user("ada"), 0

    @retried
    async def conflict(joined: JoinedStorage) -> None:
        nonlocal tries
        async with joined.transaction():
            tries += 1
            raise TransactionConflict(cause="deadlock")

    async def commit_nevertheless() -> None:
        async with storage.transaction() as tx:
            joined = JoinedStorage(storage, tx)
            async with joined.transaction() as inner:
                await inner.users.add(ada)
            with pytest.raises(TransactionConflict):
                await conflict(joined)
            joined.refuse_loss()

    with pytest.raises(TransactionConflict):
        await commit_nevertheless()
    assert tries == 1
    assert await found(storage, ada.id) is None


class Stop(BaseException):
    """What ends a task or a program, and is no refusal."""


async def test_what_ends_a_task_ends_the_transaction_also_if_the_program_goes_on() -> None:
    """No savepoint undoes what the block had written by then."""
    storage, ada = MemoryStorage(), a_user("ada")

    async def stop(joined: JoinedStorage) -> None:
        async with joined.transaction() as inner:
            await inner.users.add(ada)
            raise Stop

    async def go_on() -> None:
        async with storage.transaction() as tx:
            joined = JoinedStorage(storage, tx)
            with pytest.raises(Stop):
                await stop(joined)
            joined.refuse_loss()

    with pytest.raises(TransactionConflict):
        await go_on()
    assert await found(storage, ada.id) is None


async def test_two_blocks_at_once_are_refused_and_so_is_a_block_after_the_end() -> None:
    storage = MemoryStorage()
    async with storage.transaction() as tx:
        joined = JoinedStorage(storage, tx)
        async with joined.transaction():
            with pytest.raises(RuntimeError, match="at once"):
                async with joined.transaction():
                    pass
        joined.end()
        with pytest.raises(RuntimeError, match="has ended"):
            async with joined.transaction():
                pass


async def test_a_transaction_of_another_storage_is_refused() -> None:
    with pytest.raises(TypeError, match="not a transaction of this storage"):
        MemoryStorage().reading_in(object())  # type: ignore[arg-type]
