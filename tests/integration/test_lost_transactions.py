"""A transaction that the database gave up, in the hands of a program that goes on all the same."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from doorward.domain.access.role import MODERATOR
from doorward.domain.accounts.attempts import AttemptCount, AttemptKey, DeviceId, LoginHash
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import StorageUnavailable, TransactionConflict
from doorward.infrastructure.sql import changes
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_user
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import found, grant, put
from support.made_tables import make_tables

DEADLOCK, LOCK_WAIT = 1213, 1205
"""After the first, MySQL has rolled the transaction back, and the next statement begins another one."""


@pytest.fixture
def storage(tmp_path: Path) -> SqlStorage:
    url = DatabaseUrl.parse(f"sqlite:///{tmp_path / 'doorward.db'}")
    make_tables(url)
    return SqlStorage.open(url)


def failing(code: int) -> Callable[[Connection], NoReturn]:
    def work(_: Connection) -> NoReturn:
        raise OperationalError("UPDATE", {}, Exception(code, "as MySQL says it"))

    return work


@pytest.mark.parametrize(("code", "refusal"), [(DEADLOCK, TransactionConflict), (LOCK_WAIT, StorageUnavailable)])
async def test_nothing_runs_in_it_and_nothing_is_committed(
    storage: SqlStorage, code: int, refusal: type[Exception]
) -> None:
    """OP-01: otherwise the second half of a step would be committed without the first."""
    ada, bob, told = a_user("ada"), a_user("bob"), list[Change]()
    storage.on_commit(told.extend)

    async def go_on() -> None:
        async with storage.transaction() as tx:
            await tx.users.add(ada)
            with pytest.raises(refusal):
                await tx.connection.run(failing(code), "a statement of the program")
            with pytest.raises(TransactionConflict):
                await tx.users.add(bob)

    with pytest.raises(TransactionConflict):
        await go_on()
    assert (await found(storage, ada.id), await found(storage, bob.id), told) == (None, None, [])
    async with storage.transaction() as tx:
        await tx.users.add(bob)
    assert await found(storage, bob.id) == bob
    await storage.close()


async def test_what_is_postponed_is_refused_by_a_reading(storage: SqlStorage) -> None:
    """A reading has no commit that would do it."""
    key = AttemptKey(LoginHash(b"l" * 32), DeviceId(b"d" * 16))  # type: ignore[arg-type]
    async with storage.reading() as reading:
        with pytest.raises(TypeError, match="cannot write"):
            await reading.attempts.add(key, AttemptCount(attempts=1, first_at=NOON, allowed_at=NOON))
    await storage.close()


@pytest.mark.parametrize("kind", ["transaction", "reading"])
async def test_nothing_runs_after_the_end_of_the_block(storage: SqlStorage, kind: str) -> None:
    """The connection belongs to somebody else by then, who may be in the middle of a transaction."""
    ada = a_user("ada")
    async with getattr(storage, kind)() as ended:
        assert await ended.users.get(ada.id) is None
    async with storage.transaction() as tx:
        await tx.users.add(ada)
        for use in (ended.users.get(ada.id), ended.users.add(a_user("bob")), ended.attempts.clear_all([b"l" * 32])):
            with pytest.raises(RuntimeError, match="has ended"):
                await use
    assert await found(storage, ada.id) == ada
    await storage.close()


async def test_a_change_is_not_committed_that_other_nodes_do_not_look_for_any_more(
    storage: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TK-16: a process that was stopped in the middle of a transaction goes on a minute later."""
    ada = a_user("ada")
    await put(storage, ada)

    async def stop_and_go_on() -> None:
        async with storage.transaction() as tx:
            await tx.users.grant(ada.id, MODERATOR, NOON)
            monkeypatch.setattr(changes, "LONGEST_TRANSACTION", timedelta(0))

    with pytest.raises(TransactionConflict):
        await stop_and_go_on()
    monkeypatch.undo()
    assert await found(storage, ada.id) == ada
    assert await grant(storage, ada, MODERATOR)
    await storage.close()
