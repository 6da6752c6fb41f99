"""MariaDB Galera: writes on every member, conflicts that show at the commit, and a member without a majority."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy.exc import DBAPIError

from doorward.domain.accounts.user import User
from doorward.domain.errors import StorageUnavailable, TransactionConflict
from doorward.domain.letters.language import Language
from doorward.infrastructure.sql.mysql.hosts import Host
from doorward.infrastructure.sql.pools import Limits
from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_user
from doorward.testing.storage_access import found, put
from support.mysql.galera import Galera, size_seen_by
from support.mysql.package import NoServerError
from support.programs.processes import eventually

pytestmark = pytest.mark.full

PATIENT = Limits(wait_seconds=20, pool_wait_seconds=15, lock_wait_seconds=10)
CONTRACTS_SECONDS = 580
ATTEMPTS = 300


@pytest.fixture(scope="module")
def galera() -> Iterator[Galera]:
    try:
        cluster = Galera.start()
    except NoServerError as error:
        pytest.skip(f"a Galera cluster could not be had: {error}")
    yield cluster
    cluster.stop()


@pytest.fixture
async def storages(galera: Galera) -> AsyncIterator[list[SqlStorage]]:
    """A storage on each member, of one database."""
    url = DatabaseUrl.parse(galera.members[0].fresh_database())
    await migrate(url)
    hosts = [Host(each.admin.host, each.admin.port) for each in galera.members]
    opened = [SqlStorage.open(replace(url, hosts=(host,)), limits=PATIENT) for host in hosts]
    for storage in opened:
        await until_there(storage)
    yield opened
    for storage in opened:
        await storage.close()


async def until_there(storage: SqlStorage, user: User | None = None) -> None:
    """Return when the tables, or the account with its locale, have come to this member."""
    for _ in range(ATTEMPTS):
        with suppress(DBAPIError, StorageUnavailable):
            if user is None:
                async with storage.reading() as reading:
                    await reading.roles.all()
                return
            if (there := await found(storage, user.id)) is not None and there.locale == user.locale:
                return
        await asyncio.sleep(0.1)
    pytest.fail("It did not come to this member.")


async def relocate(storage: SqlStorage, user: User, locale: Language, meanwhile: Awaitable[None] | None = None) -> None:
    """Lock the account, wait for what happens meanwhile, and change the account."""
    async with storage.transaction() as tx:
        held = await tx.users.lock(user.id)
        assert held is not None
        if meanwhile is not None:
            await meanwhile
        await tx.users.save(replace(held, locale=locale))


def test_every_contract_test_of_storage_passes_on_a_member(galera: Galera) -> None:
    tests = ["-k", "mysql", "--pyargs", "doorward.testing.contracts.storage"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", *tests],
        env=os.environ | {"TEST_MYSQL_URL": galera.members[0].admin.url("any")},
        capture_output=True,
        text=True,
        check=False,
        timeout=CONTRACTS_SECONDS,
    )
    assert run.returncode == 0, run.stdout[-3000:]


async def test_a_row_that_two_members_change_is_a_conflict_and_not_lost(storages: list[SqlStorage]) -> None:
    """Row locks hold on one member alone. The one that commits second is told so, and loses nothing that was said to be
    there."""
    one, two, _ = storages
    ada = a_user("ada")
    await put(one, ada)
    await until_there(two, ada)
    with pytest.raises(TransactionConflict):
        await relocate(one, ada, "pt", meanwhile=relocate(two, ada, "fr"))
    assert (await stored(two, ada)).locale == "fr"
    await until_there(one, replace(ada, locale="fr"))
    await relocate(one, ada, "de")
    assert (await stored(one, ada)).locale == "de"


async def stored(storage: SqlStorage, user: User) -> User:
    read = await found(storage, user.id)
    assert read is not None
    return read


async def test_a_member_without_a_majority_is_unavailable_and_comes_back(
    galera: Galera, storages: list[SqlStorage]
) -> None:
    alone, others = galera.members[0], galera.members[1:]
    ada = a_user("ada")
    await put(storages[0], ada)
    for each in others:
        each.pause()
    try:
        eventually(lambda: size_seen_by(alone) == 0)
        with pytest.raises(StorageUnavailable):
            await put(storages[0], a_user("bob"))
        with pytest.raises(StorageUnavailable):
            await found(storages[0], ada.id)
    finally:
        for each in others:
            each.resume()
    eventually(lambda: [size_seen_by(each) for each in galera.members] == [3, 3, 3])
    await put(storages[0], a_user("bob"))
    assert await found(storages[0], ada.id) == ada
