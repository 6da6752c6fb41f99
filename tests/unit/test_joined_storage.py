"""What JoinedStorage refuses. Its contract tests say what use cases share in one transaction."""

import pytest

from doorward.application.joined_storage import JoinedStorage
from doorward.infrastructure.memory.storage import MemoryStorage


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
