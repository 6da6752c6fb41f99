"""A plugin of pytest: the contract tests run on the memory adapter alone."""

import pytest

from doorward.application.ports.storage import Storage
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.infrastructure.memory.tables import MemoryDatabase
from doorward.testing.contracts.storage import ExaminedAdapter, ServerAddress


class InMemory:
    """The data of one test, which every storage that it opens shares."""

    database = MemoryDatabase()

    def opened(self, address: ServerAddress | None, limit_seconds: float) -> Storage:  # noqa: ARG002 there is no server
        return MemoryStorage(database=self.database, wait_seconds=limit_seconds)

    async def emptied(self) -> None:
        self.database = MemoryDatabase()


@pytest.fixture(scope="session")
def storage_adapter() -> ExaminedAdapter:
    memory = InMemory()
    return ExaminedAdapter(opened=memory.opened, emptied=memory.emptied)
