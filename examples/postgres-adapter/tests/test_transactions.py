"""What PostgreSQL does differently from other databases, on tables with a prefix."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import asyncpg
import pytest
from exam import Database

from doorward.application.ports.storage import Storage
from doorward.domain.access.role import MODERATOR
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import StorageUnavailable, TransactionConflict
from doorward.testing.builders import a_user
from doorward.testing.doubles import NOON

ADA, BOB = a_user("ada"), a_user("bob")


@pytest.fixture
async def prefixed(database: Database) -> Database:
    """Migrated and empty tables with a prefix."""
    prefixed = replace(database, table_prefix="Auth_")
    await prefixed.migrated()
    await prefixed.emptied()
    return prefixed


@pytest.fixture
async def storage(prefixed: Database) -> AsyncIterator[Storage]:
    storage = prefixed.opened(None, 60)
    async with storage.transaction() as tx:
        for user in (ADA, BOB):
            await tx.users.add(user)
    yield storage
    await storage.close()


@pytest.mark.parametrize(
    ("seconds", "lock_seconds"), [pytest.param(2, None, id="lock_timeout"), pytest.param(0.4, 60, id="time limit")]
)
async def test_a_block_that_goes_on_after_a_failed_statement_commits_nothing_and_says_so(
    prefixed: Database, storage: Storage, seconds: float, lock_seconds: float | None
) -> None:
    """PostgreSQL answers a commit after `lock_timeout` with ROLLBACK, and without an error."""
    impatient = replace(prefixed, lock_seconds=lock_seconds).opened(None, seconds)
    heard: list[Sequence[Change]] = []
    impatient.on_commit(heard.append)

    async def go_on() -> None:
        async with impatient.transaction() as tx:
            await tx.users.grant(ADA.id, MODERATOR, NOON)
            with pytest.raises(StorageUnavailable):
                await tx.users.lock(BOB.id)

    async with storage.transaction() as other:
        await other.users.lock(BOB.id)
        with pytest.raises(TransactionConflict) as refused:
            await go_on()
    assert refused.value.cause == "transaction_was_lost"
    assert heard == []
    async with storage.reading() as reading:
        assert await reading.users.get(ADA.id) == ADA
    await impatient.close()


async def test_of_two_transactions_in_a_deadlock_one_may_be_repeated_and_the_other_one_goes_on(
    storage: Storage,
) -> None:
    both_hold = asyncio.Barrier(2)

    async def lock(first: User, second: User) -> None:
        async with storage.transaction() as tx:
            await tx.users.lock(first.id)
            await both_hold.wait()
            await tx.users.lock(second.id)

    answers = await asyncio.gather(lock(ADA, BOB), lock(BOB, ADA), return_exceptions=True)
    (refused,) = [answer for answer in answers if answer is not None]
    assert isinstance(refused, TransactionConflict)
    assert refused.cause.startswith("DeadlockDetectedError 40P01")


async def test_what_is_read_under_a_lock_is_what_the_others_have_committed_while_it_waited(storage: Storage) -> None:
    locked = asyncio.Event()

    async def grant() -> None:
        async with storage.transaction() as tx:
            await tx.users.lock(ADA.id)
            locked.set()
            await tx.users.grant(ADA.id, MODERATOR, NOON)

    granting = asyncio.ensure_future(grant())
    await locked.wait()
    async with storage.transaction() as tx:
        assert await tx.users.lock(ADA.id) == ADA.granted(MODERATOR)
    await granting


async def test_connections_that_the_server_has_closed_are_replaced_without_a_refusal(
    prefixed: Database, storage: Storage
) -> None:
    connection = await asyncpg.connect(prefixed.url)
    ended = await connection.fetch(
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid != pg_backend_pid()"
    )
    await connection.close()
    assert len(ended) >= 1
    async with storage.reading() as reading:
        assert await reading.users.get(ADA.id) == ADA
    async with storage.transaction() as tx:
        assert await tx.users.grant(ADA.id, MODERATOR, NOON)
