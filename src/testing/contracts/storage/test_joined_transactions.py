"""Use cases in one transaction of the caller, for adapters with savepoints."""

from collections.abc import Sequence

import pytest

from doorward.application.access.grant_role import GrantRole
from doorward.application.joined_storage import JoinedStorage
from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.joining import JoinableStorage
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import MODERATOR
from doorward.domain.accounts.user import User
from doorward.domain.audit.sealed_entry import StreamId
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import RoleMissing, TransactionConflict, UsernameTaken
from doorward.testing.builders import a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON, ListLog
from doorward.testing.storage_access import found, put

pytestmark = pytest.mark.asyncio(loop_scope="function")


@pytest.fixture
def joinable(storage: Storage) -> JoinableStorage:
    if not isinstance(storage, JoinableStorage):
        pytest.skip("the adapter has no savepoints, so no use case joins a transaction")
    return storage


async def add(storage: Storage, *users: User) -> None:
    async with storage.transaction() as tx:
        for user in users:
            await tx.users.add(user)


async def refuse_to_grant(storage: Storage, user: User) -> None:
    """Grant a role with an audit entry, as a use case would, and refuse it then."""
    async with storage.transaction() as tx:
        await tx.users.lock(user.id)
        await tx.users.grant(user.id, MODERATOR, NOON)
        await tx.audit.append(AuditEntry(event=SecurityEvent.AUTHZ_CHANGE, by=OPERATOR, account=user.id))
        raise RoleMissing


@proves(JoinableStorage.reading_in, "Return")
async def test_blocks_share_the_transaction_and_commit_nothing(joinable: JoinableStorage) -> None:
    ada, bob = a_user("ada"), a_user("bob")
    async with joinable.transaction() as tx:
        joined = JoinedStorage(joinable, tx)
        await add(joined, ada)
        await add(joined, bob)
        async with joined.reading() as reading:
            assert await reading.users.get(ada.id) == ada
            assert len(await reading.user_pages.by_username("", None, 10)) == 2
        assert await found(joinable, ada.id) is None
    assert [await found(joinable, each.id) for each in (ada, bob)] == [ada, bob]


@proves(JoinableStorage.savepoint, "Undo", "What it did before")
async def test_a_refusal_undoes_its_own_block_and_does_not_end_the_transaction(joinable: JoinableStorage) -> None:
    ada, bob, carl = a_user("ada"), a_user("bob"), a_user("carl")
    async with joinable.transaction() as tx:
        joined = JoinedStorage(joinable, tx)
        await add(joined, ada)
        with pytest.raises(UsernameTaken):
            await add(joined, bob, a_user("ada"))
        await add(joined, carl)
    assert [await found(joinable, each.id) for each in (ada, bob, carl)] == [ada, None, carl]


@proves(JoinableStorage.savepoint, "What it did before")
async def test_listeners_hear_after_the_commit_what_was_not_undone(joinable: JoinableStorage) -> None:
    ada = a_user("ada")
    await put(joinable, ada)
    heard: list[Change] = []

    def listen(changes: Sequence[Change]) -> None:
        heard.extend(changes)

    joinable.on_commit(listen)
    async with joinable.transaction() as tx:
        joined = JoinedStorage(joinable, tx)
        with pytest.raises(RoleMissing):
            await refuse_to_grant(joined, ada)
        assert await tx.changes.latest(10) == []
        async with joined.transaction() as inner:
            await inner.users.save(ada.with_tokens_revoked())
        assert heard == []
    assert [change.user_id for change in heard] == [ada.id]


@proves(JoinableStorage.savepoint, "Undo")
async def test_the_audit_log_goes_on_after_a_block_that_was_undone(joinable: JoinableStorage) -> None:
    """Its entries are numbered without a gap, though the undone block had written one."""
    ada = a_user("ada")
    await put(joinable, ada)
    async with joinable.transaction() as tx:
        joined = JoinedStorage(joinable, tx)
        with pytest.raises(RoleMissing):
            await refuse_to_grant(joined, ada)
        await GrantRole(joined, ListLog())(ada.id, MODERATOR, NOON, by=OPERATOR)
    async with joinable.reading() as reading:
        entries = await reading.audit.in_order(StreamId(ada.id), 0, 10)
    assert [(each.sealed.number, each.after) for each in entries] == [(1, {"granted": MODERATOR})]


@proves(JoinableStorage.savepoint, "After StorageUnavailable")
async def test_after_a_conflict_nothing_runs_in_the_transaction_and_it_is_not_committed(
    joinable: JoinableStorage,
) -> None:
    ada, tries = a_user("ada"), 0

    @retried
    async def conflict(joined: JoinedStorage) -> None:
        nonlocal tries
        async with joined.transaction():
            tries += 1
            raise TransactionConflict(cause="deadlock")

    async def commit_nevertheless() -> None:
        async with joinable.transaction() as tx:
            joined = JoinedStorage(joinable, tx)
            await add(joined, ada)
            with pytest.raises(TransactionConflict):
                await conflict(joined)
            joined.refuse_loss()

    with pytest.raises(TransactionConflict):
        await commit_nevertheless()
    assert tries == 1
    assert await found(joinable, ada.id) is None


@proves(JoinableStorage.reading_in, "Raise TypeError")
async def test_a_transaction_of_another_storage_is_refused(joinable: JoinableStorage) -> None:
    with pytest.raises(TypeError, match="not a transaction of this storage"):
        joinable.reading_in(object())  # type: ignore[arg-type]
