"""Fixtures of the contract tests. Those who run them define one more, `storage_adapter`."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from doorward.application.ports.storage import Storage
from doorward.testing.contracts.storage.adapter import StorageAdapter

PATIENT_SECONDS = 60.0
"""Generous, since no contract is about time and the machine may be busy."""

MIGRATED = pytest.StashKey[list[StorageAdapter]]()


@pytest_asyncio.fixture(loop_scope="function")
async def emptied_adapter(storage_adapter: StorageAdapter, request: pytest.FixtureRequest) -> StorageAdapter:
    """The adapter, with a migrated and empty database."""
    migrated = request.session.stash.setdefault(MIGRATED, [])
    if storage_adapter not in migrated:
        await storage_adapter.migrated()
        migrated.append(storage_adapter)
    await storage_adapter.emptied()
    return storage_adapter


@pytest_asyncio.fixture(loop_scope="function")
async def storage(emptied_adapter: StorageAdapter) -> AsyncIterator[Storage]:
    storage = emptied_adapter.opened(emptied_adapter.address, PATIENT_SECONDS)
    yield storage
    await storage.close()


@pytest.fixture
def concurrent(storage_adapter: StorageAdapter) -> bool:
    return storage_adapter.concurrent
