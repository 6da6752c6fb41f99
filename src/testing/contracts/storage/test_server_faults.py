"""The server of the database stalls, is cut off or is gone. A proxy before it does that, so no server is stopped."""

import asyncio
from collections.abc import Sequence

import pytest
import pytest_asyncio

from doorward.application.ports.storage import Storage, Transaction
from doorward.application.transactions import retried
from doorward.domain.access.role import ADMIN, MODERATOR
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import StorageUnavailable, TransactionConflict
from doorward.testing.builders import a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.contracts.storage.adapter import ExaminedAdapter, ServerAddress
from doorward.testing.doubles import NOON
from doorward.testing.faulty_proxy import FaultyProxy, faulty_proxy
from doorward.testing.storage_access import found, grant, put

pytestmark = pytest.mark.asyncio(loop_scope="function")

Proxy = tuple[FaultyProxy, Storage]
FAULTS = ["close", "reset", "stall"]


async def require_unavailable(storage: Storage, user: User) -> None:
    """Read and write. Any other error than the refusal is let through."""
    with pytest.raises(StorageUnavailable):
        await found(storage, user.id)
    with pytest.raises(StorageUnavailable):
        await retried(grant)(storage, user, ADMIN)


@proves(Storage, "If its server", "No error", "The storage serves again")
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_server_that_fails_is_unavailable_and_serves_afterwards(
    storage_adapter: ExaminedAdapter, proxy: Proxy, fault: str
) -> None:
    server, storage = proxy
    ada = a_user()
    async with asyncio.timeout(storage_adapter.guard_seconds):
        await put(storage, ada)
        server.fail(fault)
        await require_unavailable(storage, ada)
        server.heal()
        assert await found(storage, ada.id) == ada
        assert await retried(grant)(storage, ada, MODERATOR)


@proves(Storage, "If its server", "No error")
@pytest.mark.parametrize("fault", [*FAULTS, "garbage"])
async def test_a_server_that_fails_while_a_connection_is_made_is_unavailable(
    storage_adapter: ExaminedAdapter, proxy: Proxy, fault: str
) -> None:
    server, storage = proxy
    server.fail(fault)
    async with asyncio.timeout(storage_adapter.guard_seconds):
        await require_unavailable(storage, a_user())


@proves(Storage, "If its server", "No error")
async def test_a_server_that_does_not_listen_is_unavailable(
    emptied_adapter: ExaminedAdapter, nowhere: ServerAddress
) -> None:
    storage = emptied_adapter.opened(nowhere, 1)
    async with asyncio.timeout(emptied_adapter.guard_seconds):
        await require_unavailable(storage, a_user())
        await storage.close()


@pytest_asyncio.fixture(loop_scope="function")
async def nowhere(emptied_adapter: ExaminedAdapter) -> ServerAddress:
    """An address at which nobody listens any more."""
    if emptied_adapter.address is None:
        pytest.skip("the adapter names no address of a server")
    async with faulty_proxy(emptied_adapter.address) as (_, address):
        return address


@proves(Transaction, "TransactionConflict ends")
async def test_a_transaction_that_loses_its_connection_stores_nothing(
    storage_adapter: ExaminedAdapter, proxy: Proxy, storage: Storage
) -> None:
    """Whoever repeats it may do so: the database has rolled it back."""
    server, behind = proxy
    ada = a_user()
    await put(storage, ada)
    heard: list[Sequence[Change]] = []
    behind.on_commit(heard.append)

    async def lose_connection() -> None:
        async with behind.transaction() as tx:
            await tx.users.get(ada.id)
            server.cut()
            await tx.users.grant(ada.id, ADMIN, NOON)

    async with asyncio.timeout(storage_adapter.guard_seconds):
        with pytest.raises((TransactionConflict, StorageUnavailable)):
            await lose_connection()
    assert await found(storage, ada.id) == ada
    assert not any(change.certain for changes in heard for change in changes)


@proves(Storage.transaction, "Raise StorageUnavailable")
@proves(Storage.on_commit, "The changes are `certain`")
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_commit_whose_answer_is_lost_is_refused_and_announced_as_uncertain(
    storage_adapter: ExaminedAdapter, proxy: Proxy, storage: Storage, fault: str
) -> None:
    """It is no TransactionConflict: what was committed must not be repeated."""
    server, behind = proxy
    ada = a_user()
    await put(storage, ada)
    heard: list[Sequence[Change]] = []
    behind.on_commit(heard.append)

    async def lose_answer() -> None:
        async with behind.transaction() as tx:
            await tx.users.grant(ada.id, ADMIN, NOON)
            server.fail(fault)

    async with asyncio.timeout(storage_adapter.guard_seconds):
        with pytest.raises(StorageUnavailable):
            await lose_answer()
    assert [[(change.user_id, change.certain) for change in changes] for changes in heard] == [[(ada.id, False)]]


@proves(Storage.close, "Close every connection")
async def test_a_closed_storage_has_no_connection(storage_adapter: ExaminedAdapter, proxy: Proxy) -> None:
    server, storage = proxy
    await put(storage, a_user())
    await storage.close()
    async with asyncio.timeout(storage_adapter.guard_seconds):
        await server.wait_until_free()
