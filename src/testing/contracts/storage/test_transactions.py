import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import cast

import pytest

from doorward.application.access.grant_role import GrantRole
from doorward.application.access.revoke_role import RevokeRole
from doorward.application.accounts.delete_user import DeleteUser
from doorward.application.accounts.update_user import UpdateUser, UserChanges
from doorward.application.ports.repositories import ChangeReader, UserReader, UserRepository
from doorward.application.ports.storage import LockRepository, Reading, Storage, Transaction
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import ADMIN, MODERATOR, USER, Role, RoleName
from doorward.domain.accounts.deletion import DeletionPolicy
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import Change, Subject
from doorward.domain.errors import LastAdmin, StorageUnavailable, TransactionConflict
from doorward.testing.builders import a_user, email_of
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON, FrozenClock, ListLog
from doorward.testing.storage_access import announced, found, grant, put

pytestmark = pytest.mark.asyncio(loop_scope="function")


class Breakage(Exception):
    pass


@proves(Transaction, "A transaction reads")
async def test_a_transaction_reads_what_it_wrote(storage: Storage) -> None:
    ada = a_user()
    async with storage.transaction() as tx:
        await tx.users.add(ada)
        await tx.users.grant(ada.id, MODERATOR, NOON)
        assert await tx.users.get(ada.id) == ada.granted(MODERATOR)
        assert len(await tx.changes.latest(10)) == 1


@proves(Transaction, "Nobody else")
@proves(Storage.transaction, "Commit")
async def test_nobody_reads_what_is_not_committed(storage: Storage) -> None:
    ada = a_user()
    async with storage.transaction() as tx:
        await tx.users.add(ada)
        assert await found(storage, ada.id) is None
    assert await found(storage, ada.id) == ada


@proves(Storage.transaction, "Commit")
async def test_a_reading_returns_what_was_committed_meanwhile(storage: Storage) -> None:
    ada = a_user()
    async with storage.reading() as reading:
        assert await reading.users.by_login("ada") is None
    await put(storage, ada)
    async with storage.reading() as reading:
        assert await reading.users.by_login("ada") == ada


@proves(Storage.transaction, "Roll back")
async def test_a_block_that_raises_stores_nothing(storage: Storage) -> None:
    """OP-01: all of a business step or none of it."""
    ada, bob = a_user("ada", MODERATOR), a_user("bob")
    await put(storage, ada)

    async def break_off() -> None:
        async with storage.transaction() as tx:
            await tx.users.add(bob)
            await tx.users.grant(ada.id, ADMIN, NOON)
            await tx.users.revoke(ada.id, USER)
            await tx.users.save(ada.disabled_now())
            await tx.roles.remove(MODERATOR)
            raise Breakage

    with pytest.raises(Breakage):
        await break_off()
    assert await found(storage, ada.id) == ada
    assert await found(storage, bob.id) is None
    assert await announced(storage) == []


@proves(Storage.transaction, "Roll back")
async def test_a_refusal_in_the_middle_of_a_transaction_stores_nothing(storage: Storage) -> None:
    """OP-01."""
    ada, bob = a_user("ada"), a_user("bob")
    await put(storage, ada)
    with pytest.raises(Exception, match="Email"):
        await put(storage, bob, replace(a_user("carol"), email=ada.email))
    assert await found(storage, bob.id) is None


@proves(Reading, "Nothing is written")
async def test_nothing_is_written_through_a_reading(storage: Storage) -> None:
    ada = a_user()
    await put(storage, ada)
    async with storage.reading() as reading:
        users = cast("UserRepository", reading.users)  # whoever gets round the types meets the database
        with pytest.raises((StorageUnavailable, TypeError)):
            await users.grant(ada.id, ADMIN, NOON)
    assert await found(storage, ada.id) == ada
    await put(storage, a_user("bob"))


@proves(Storage.on_commit, "It happens before", "Call `listener`")
async def test_a_listener_hears_of_a_commit_before_the_block_is_left(storage: Storage) -> None:
    heard: list[Sequence[Change]] = []
    storage.on_commit(heard.append)
    ada, editor = a_user(), Role(name=RoleName("editor"), created_at=NOON)
    await put(storage, ada, editor)
    assert heard == []
    async with storage.transaction() as tx:
        await tx.users.grant(ada.id, editor.name, NOON)
        await tx.roles.remove(editor.name)
        assert heard == []
    assert heard == [[Change.of_account(ada.id), Change(Subject.ROLES)]]


@proves(Storage.on_commit, "Every listener")
async def test_every_listener_hears_of_a_commit(storage: Storage) -> None:
    heard: list[str] = []
    storage.on_commit(lambda _: heard.append("first"))
    storage.on_commit(lambda _: heard.append("second"))
    ada = a_user()
    await put(storage, ada)
    await grant(storage, ada, MODERATOR)
    assert heard == ["first", "second"]


@proves(Storage.on_commit, "After a rollback")
async def test_a_listener_hears_nothing_of_what_was_rolled_back(storage: Storage) -> None:
    ada = a_user()
    await put(storage, ada)
    heard: list[Sequence[Change]] = []
    storage.on_commit(heard.append)

    async def break_off() -> None:
        async with storage.transaction() as tx:
            await tx.users.grant(ada.id, MODERATOR, NOON)
            raise Breakage

    with pytest.raises(Breakage):
        await break_off()
    assert heard == []


@proves(Storage.on_commit, "It happens before")
async def test_listeners_hear_of_a_commit_even_if_its_task_is_cancelled_during_it(storage: Storage) -> None:
    """Who goes away during the commit leaves a finished one, and this node knows of it."""
    ada = a_user()
    await put(storage, ada)
    heard: list[Sequence[Change]] = []
    storage.on_commit(heard.append)

    async def granting() -> None:
        async with storage.transaction() as tx:
            await tx.users.grant(ada.id, MODERATOR, NOON)
            asyncio.get_running_loop().call_soon(task.cancel)

    task = asyncio.ensure_future(granting())
    await asyncio.wait({task})
    assert await found(storage, ada.id) == ada.granted(MODERATOR)
    assert heard == [[Change.of_account(ada.id)]]


@proves(Storage.transaction, "Roll back")
async def test_a_cancelled_transaction_stores_nothing_and_disturbs_no_other(storage: Storage) -> None:
    """Cancelled at every step of the way, and the next one finds everything in order."""
    ada = a_user()
    await put(storage, ada)

    async def granting() -> None:
        async with storage.transaction() as tx:
            await tx.users.grant(ada.id, MODERATOR, NOON)
            await tx.users.get(ada.id)
            raise Breakage

    for steps in range(30):
        task = asyncio.ensure_future(granting())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        assert await found(storage, ada.id) == ada
    assert await grant(storage, ada, ADMIN)


@proves(Storage.reading, "A block")
async def test_a_later_reading_never_gets_the_answer_of_a_cancelled_one(storage: Storage) -> None:
    """Whoever asks gets the answer to the question that was asked."""
    users = [a_user(f"user{number}") for number in range(20)]
    await put(storage, *users)

    async def ask(user: User, patience: float) -> None:
        async with asyncio.timeout(patience), storage.reading() as reading:
            assert await reading.users.get(user.id) == user
            assert await reading.users.by_login(email_of(user).key) == user

    asked = [ask(user, 0.0005 * (number % 7)) for number in range(20) for user in users]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(answer) for answer in answers if answer} <= {TimeoutError, StorageUnavailable}
    await asyncio.gather(*(ask(user, 10) for user in users[:5]))


@proves(LockRepository.take, "Afterwards")
@proves(UserReader.count_enabled, "Return the number of accounts")
async def test_of_two_admins_that_are_removed_at_once_one_stays(storage: Storage) -> None:
    """AZ-05, whichever way they are removed."""
    log = ListLog()
    revoke, delete, update = (
        RevokeRole(storage, log, FrozenClock()),
        DeleteUser(storage, DeletionPolicy(), log, FrozenClock()),
        UpdateUser(storage, log, FrozenClock()),
    )
    ways: list[Callable[[User], Awaitable[object]]] = [
        lambda user: revoke(user.id, ADMIN, by=OPERATOR),
        lambda user: delete(user.id, by=OPERATOR),
        lambda user: update(user.id, UserChanges(disabled=True), by=OPERATOR),
    ]
    for number in range(6):
        ada, bob = a_user(f"ada{number}", ADMIN), a_user(f"bob{number}", ADMIN)
        await put(storage, ada, bob)
        answers = await asyncio.gather(
            ways[number % 3](ada), ways[(number + number // 3) % 3](bob), return_exceptions=True
        )
        assert [type(answer) for answer in answers if isinstance(answer, BaseException)] == [LastAdmin]
        async with storage.transaction() as tx:
            assert await tx.users.count_enabled(ADMIN, NOON) == 1
            for user in (ada, bob):
                await tx.users.revoke(user.id, ADMIN)


@proves(Transaction, "TransactionConflict ends")
async def test_many_writers_of_one_account_succeed_or_are_asked_to_try_again(storage: Storage) -> None:
    """Contention ends by waiting, by trying again, or in "try again in a moment"; in nothing else."""
    ada, bob = a_user(), a_user("bob", ADMIN)
    await put(storage, ada, bob)
    log = ListLog()
    grant_role, revoke, update = (
        GrantRole(storage, log),
        RevokeRole(storage, log, FrozenClock()),
        UpdateUser(storage, log, FrozenClock()),
    )

    async def work(number: int) -> None:
        await grant_role(ada.id, MODERATOR, NOON, by=OPERATOR)
        await revoke(ada.id, MODERATOR, by=OPERATOR)
        email = Email.parse(f"ada{number}@example.org")
        await update(ada.id, UserChanges(email=email, disabled=bool(number % 2)), by=OPERATOR)

    answers = await asyncio.gather(*map(work, range(12)), return_exceptions=True)
    assert {type(answer) for answer in answers} <= {type(None), TransactionConflict, StorageUnavailable}
    assert None in answers
    await work(99)
    stored = await found(storage, ada.id)
    assert stored is not None
    assert (email_of(stored).key, stored.suspension is not None, stored.roles) == ("ada99@example.org", True, ada.roles)


@proves(ChangeReader, "A number may")
async def test_a_number_of_the_feed_may_be_readable_before_a_lower_one(storage: Storage, concurrent: bool) -> None:
    """Numbers are given at the insert and seen at the commit. Where transactions go one after the other (in memory, on
    SQLite) a second one does not even begin meanwhile, and the order is that of the commits."""
    ada, bob = a_user("ada"), a_user("bob")
    await put(storage, ada, bob)
    async with storage.transaction() as tx:
        await tx.users.grant(ada.id, MODERATOR, NOON)
        if concurrent:
            await grant(storage, bob, MODERATOR)
            async with storage.reading() as reading:
                (early,) = await reading.changes.latest(10)
            assert early.change == Change.of_account(bob.id)
        else:
            other = asyncio.ensure_future(grant(storage, bob, MODERATOR))
            await tx.users.get(ada.id)
            assert await announced(storage) == []
    if not concurrent:
        await other
    async with storage.reading() as reading:
        feed = await reading.changes.latest(10)
    assert [row.change for row in feed] == [Change.of_account(ada.id), Change.of_account(bob.id)]
