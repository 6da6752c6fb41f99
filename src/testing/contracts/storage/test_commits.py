"""When listeners hear of a commit, what refusals and conflicts leave, and how long a transaction waits for another."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest

from doorward.application.ports.storage import LockName, Reading, Storage, Transaction
from doorward.domain.access.role import ADMIN, MODERATOR, RoleName
from doorward.domain.accounts.attempts import AttemptCount, AttemptKey, LoginHash
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import (
    AccountMissing,
    EmailTaken,
    KeyExists,
    RoleMissing,
    ServiceExists,
    StorageUnavailable,
    TransactionConflict,
    UsernameTaken,
)
from doorward.domain.services.service import Service, ServiceId, ServiceSecretHash
from doorward.testing.builders import a_session, a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.contracts.storage.adapter import ExaminedAdapter
from doorward.testing.doubles import NOON, PlainSealer
from doorward.testing.storage_access import announced, found, grant, put

pytestmark = pytest.mark.asyncio(loop_scope="function")

ADA, BOB, NOBODY = a_user("ada"), a_user("bob"), a_user("nobody")
WIZARD = RoleName("wizard")
SERVICE = Service(
    id=ServiceId("service-" + "a" * 22), name="shop", secret_hash=ServiceSecretHash(bytes(32)), created_at=NOON
)
KEY = PlainSealer().generate(NOON)


def refusals(tx: Transaction) -> list[tuple[type[Exception], Awaitable[object]]]:
    """Calls that are refused, and with what."""
    return [
        (UsernameTaken, tx.users.add(replace(NOBODY, username=ADA.username))),
        (EmailTaken, tx.users.add(replace(NOBODY, email=ADA.email))),
        (RoleMissing, tx.users.add(replace(NOBODY, roles=frozenset({WIZARD})))),
        (UsernameTaken, tx.users.save(replace(BOB, username=ADA.username))),
        (EmailTaken, tx.users.save(replace(BOB, email=ADA.email))),
        (RoleMissing, tx.users.grant(ADA.id, WIZARD, NOON)),
        (AccountMissing, tx.users.grant(NOBODY.id, MODERATOR, NOON)),
        (AccountMissing, tx.sessions.add(a_session(NOBODY))),
        (ServiceExists, tx.services.add(replace(SERVICE, id=ServiceId("service-" + "b" * 22)))),
        (KeyExists, tx.keys.add(KEY)),
    ]


@proves(Transaction, "A refusal does not end", "A call that is refused")
@proves(Storage.on_commit, "Call `listener`")
async def test_a_refusal_does_not_end_the_transaction_and_changes_nothing_itself(storage: Storage) -> None:
    """Listeners hear of what was committed before and after it, and of nothing else."""
    heard: list[Change] = []
    await put(storage, ADA, BOB, SERVICE, KEY)
    before = len(await announced(storage))
    storage.on_commit(heard.extend)
    async with storage.transaction() as tx:
        await tx.users.grant(ADA.id, MODERATOR, NOON)
        for refusal, call in refusals(tx):
            with pytest.raises(refusal):
                await call
        await tx.users.grant(BOB.id, ADMIN, NOON)
    assert await found(storage, ADA.id) == ADA.granted(MODERATOR)
    assert await found(storage, BOB.id) == BOB.granted(ADMIN)
    assert await found(storage, NOBODY.id) is None
    assert heard == [Change.of_account(ADA.id), Change.of_account(BOB.id)]
    assert (await announced(storage))[before:] == heard


@proves(Storage.on_commit, "The call happens after")
async def test_a_listener_that_reads_finds_what_was_committed(
    storage: Storage, emptied_adapter: ExaminedAdapter
) -> None:
    """The listener is no coroutine. It reads in another thread, with a storage and an event loop of its own."""

    async def read(user: User) -> User | None:
        other = emptied_adapter.opened(emptied_adapter.address, emptied_adapter.guard_seconds)
        try:
            return await found(other, user.id)
        finally:
            await other.close()

    def listen(_: Sequence[Change]) -> None:
        with ThreadPoolExecutor(1) as thread:
            seen.append(thread.submit(asyncio.run, read(ADA)).result())

    seen: list[User | None] = []
    await put(storage, ADA)
    storage.on_commit(listen)
    await grant(storage, ADA, MODERATOR)
    assert seen == [ADA.granted(MODERATOR)]


@proves(Reading, "Each read")
@proves(Storage.reading, "Open")
async def test_each_read_of_a_reading_returns_what_was_committed_meanwhile(storage: Storage) -> None:
    """Also in the middle of the block, and whichever repository is asked."""
    async with storage.reading() as reading:
        assert await reading.users.get(ADA.id) is None
        assert await reading.changes.latest(1) == []
        await put(storage, ADA)
        assert await reading.users.get(ADA.id) == ADA
        await grant(storage, ADA, MODERATOR)
        assert await reading.users.by_login("ada") == ADA.granted(MODERATOR)
        assert len(await reading.changes.latest(9)) == 1


@proves(Storage, "Waiting")
async def test_a_transaction_that_waits_in_vain_is_unavailable(
    impatient_storage: Storage, storage: Storage, storage_adapter: ExaminedAdapter
) -> None:
    async with asyncio.timeout(storage_adapter.guard_seconds), storage.transaction() as holder:
        await holder.locks.take(LockName.ADMINS)
        with pytest.raises(StorageUnavailable):
            async with impatient_storage.transaction() as tx:
                await tx.locks.take(LockName.ADMINS)


@proves(Storage, "StorageUnavailable and TransactionConflict")
async def test_each_conflict_names_its_cause_for_the_log(storage: Storage) -> None:
    ada, key = a_user("ada"), AttemptKey(LoginHash(b"1" * 32))
    count = AttemptCount(attempts=1, first_at=NOON, allowed_at=NOON)
    await put(storage, ada)
    async with storage.transaction() as tx:
        await tx.attempts.add(key, count)
        await tx.adoptions.add_all("tutorial", ["1"])
    conflicts: list[Callable[[Transaction], Awaitable[object]]] = [
        lambda tx: tx.attempts.add(key, count),
        lambda tx: tx.adoptions.add_all("tutorial", ["1"]),
        lambda tx: tx.users.add(replace(a_user("bob"), id=ada.id)),
        lambda tx: tx.users.save(replace(ada, version=7)),
    ]
    for conflict in conflicts:
        with pytest.raises(TransactionConflict) as refused:
            await run(storage, conflict)
        assert refused.value.cause


async def run(storage: Storage, change: Callable[[Transaction], Awaitable[object]]) -> None:
    async with storage.transaction() as tx:
        await change(tx)


@proves(Storage.transaction, "If the block goes on")
async def test_a_block_that_goes_on_after_it_waited_in_vain_commits_everything_or_raises(
    impatient_storage: Storage, storage: Storage, storage_adapter: ExaminedAdapter
) -> None:
    """A server may have ended the transaction, and may take a commit afterwards without an error."""
    await put(storage, ADA)
    heard: list[Sequence[Change]] = []
    impatient_storage.on_commit(heard.append)
    has_ended = False
    async with asyncio.timeout(storage_adapter.guard_seconds), storage.transaction() as holder:
        await holder.locks.take(LockName.ADMINS)
        with suppress(StorageUnavailable, TransactionConflict):
            async with impatient_storage.transaction() as tx:
                await tx.users.grant(ADA.id, MODERATOR, NOON)
                with suppress(StorageUnavailable):
                    await tx.locks.take(LockName.ADMINS)
            has_ended = True
    is_granted = await found(storage, ADA.id) == ADA.granted(MODERATOR)
    assert is_granted == bool(heard)
    assert is_granted or not has_ended, "The block ended without an error, and nothing was committed."
