"""What JoinedStorage refuses. Its contract tests say what use cases share in one transaction."""

import pytest

from doorward.application.joined_storage import JoinedStorage
from doorward.domain.errors import StorageUnavailable, TransactionConflict, UsernameTaken
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.testing.builders import a_user
from doorward.testing.storage_access import found


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


async def test_what_is_lost_stays_lost_when_the_use_case_refuses_for_another_reason() -> None:
    storage = MemoryStorage()

    async def fail(joined: JoinedStorage) -> None:
        async with joined.reading():
            raise StorageUnavailable(cause="the database is gone")

    async def refuse(joined: JoinedStorage) -> None:
        async with joined.transaction():
            with pytest.raises(StorageUnavailable):
                await fail(joined)
            raise UsernameTaken

    async with storage.transaction() as tx:
        joined = JoinedStorage(storage, tx)
        with pytest.raises(UsernameTaken):
            await refuse(joined)
        with pytest.raises(TransactionConflict):
            joined.refuse_loss()


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
