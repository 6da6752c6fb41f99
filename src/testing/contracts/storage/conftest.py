"""Fixtures of the contract tests. Those who run them define one more, `storage_adapter`."""

from collections.abc import AsyncIterator, Generator

import pytest
import pytest_asyncio

from doorward.application.ports.storage import Storage
from doorward.testing.contracts.promises import PROVED
from doorward.testing.contracts.storage.adapter import ExaminedAdapter
from doorward.testing.faulty_proxy import FaultyProxy, faulty_proxy

PATIENT_SECONDS = 60.0
"""Generous, since no contract is about time and the machine may be busy."""

IMPATIENT_SECONDS = 1.0
"""For tests in which a limit is reached. What they do before and afterwards takes less, on a busy machine, too."""

MIGRATED = pytest.StashKey[list[ExaminedAdapter]]()
UNUSABLE = pytest.StashKey[list[ExaminedAdapter]]()
"""Adapters that could not be migrated. One long report is enough."""


@pytest_asyncio.fixture(loop_scope="function")
async def emptied_adapter(storage_adapter: ExaminedAdapter, request: pytest.FixtureRequest) -> ExaminedAdapter:
    """The adapter, with a migrated and empty database."""
    migrated = request.session.stash.setdefault(MIGRATED, [])
    unusable = request.session.stash.setdefault(UNUSABLE, [])
    if storage_adapter in unusable:
        pytest.fail("The database could not be migrated: see the first error.", pytrace=False)
    if storage_adapter not in migrated:
        unusable.append(storage_adapter)
        await storage_adapter.migrated()
        unusable.remove(storage_adapter)
        migrated.append(storage_adapter)
    await storage_adapter.emptied()
    return storage_adapter


@pytest_asyncio.fixture(loop_scope="function")
async def storage(emptied_adapter: ExaminedAdapter) -> AsyncIterator[Storage]:
    storage = emptied_adapter.opened(emptied_adapter.address, PATIENT_SECONDS)
    yield storage
    await storage.close()


@pytest_asyncio.fixture(loop_scope="function")
async def impatient_storage(emptied_adapter: ExaminedAdapter) -> AsyncIterator[Storage]:
    """A storage with short limits."""
    storage = emptied_adapter.opened(emptied_adapter.address, IMPATIENT_SECONDS)
    yield storage
    await storage.close()


@pytest_asyncio.fixture(loop_scope="function")
async def proxy(emptied_adapter: ExaminedAdapter) -> AsyncIterator[tuple[FaultyProxy, Storage]]:
    """A proxy before the server of the database, and an impatient storage that reaches the server through it."""
    if emptied_adapter.address is None:
        pytest.skip("the adapter names no address of a server")
    async with faulty_proxy(emptied_adapter.address) as (proxy, address):
        storage = emptied_adapter.opened(address, IMPATIENT_SECONDS)
        yield proxy, storage
        await storage.close()


@pytest.fixture
def concurrent(storage_adapter: ExaminedAdapter) -> bool:
    return storage_adapter.concurrent


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say in the report of a test that failed which promises it proves."""
    report = yield
    proved = getattr(getattr(item, "function", None), PROVED, [])
    if report.failed and proved:
        text = "\n".join(f"{member}: {sentence}" for member, sentence in proved)
        report.sections.append(("Promises of the ports that this test proves", text))
    return report
