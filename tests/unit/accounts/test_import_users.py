from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from doorward.application.accounts.account_entries import MAX_REPORTED_LINES, AccountEntry, Problem
from doorward.application.accounts.import_users import ImportProgress
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import ADMIN, MODERATOR, USER
from doorward.domain.accounts.suspension import WITHOUT_END
from doorward.domain.accounts.user import User
from doorward.domain.errors import (
    EmailTaken,
    ImportRefused,
    ImportStopped,
    InvalidCredentials,
    StorageUnavailable,
    UsernameTaken,
)
from doorward.domain.ids import UserId
from doorward.infrastructure.memory.storage import MemoryStorage, MemoryTransaction
from doorward.testing.builders import PASSWORD, a_user
from doorward.testing.doubles import NOON
from support.house import House

BATCH_SIZE = 20
HASH = f"$plain$1${PASSWORD}"
YEARS_AGO = datetime(2019, 5, 4, 3, 2, 1, tzinfo=UTC)
ADA = AccountEntry(1, "Ada", "Ada@example.org", HASH)
BOB = AccountEntry(2, "bob", "bob@example.org", HASH)


def entries(count: int, first: int = 1) -> list[AccountEntry]:
    return [AccountEntry(n, f"user-{n}", f"user-{n}@example.org", HASH) for n in range(first, first + count)]


async def imported(house: House, *lines: AccountEntry | Problem, skip_existing: bool = False) -> ImportProgress:
    return await house.import_users(lines, NOON, by=OPERATOR, skip_existing=skip_existing)


async def refusal(house: House, *lines: AccountEntry | Problem) -> ImportRefused:
    before = house.storage.database.tables.users
    with pytest.raises(ImportRefused) as caught:
        await imported(house, *lines)
    assert house.storage.database.tables.users == before
    return caught.value


def stored(house: House, username: str) -> User:
    return next(user for user in house.storage.database.tables.users.values() if user.username.key == username)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorward.application.accounts.import_users.BATCH_SIZE", BATCH_SIZE)


class Interrupted(MemoryStorage):
    """Does something else before its second transaction."""

    def __init__(self, happening: Callable[[MemoryStorage], Awaitable[None]]) -> None:
        super().__init__()
        self._happening = happening
        self._transactions = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        self._transactions += 1
        if self._transactions == 2:
            await self._happening(self)
        async with super().transaction() as tx:
            yield tx


async def test_an_imported_account_signs_in_with_its_password() -> None:
    house = House()
    done = await imported(house, ADA, BOB)
    assert (done.imported, done.skipped) == (2, 0)
    await house.authenticate("ada", PASSWORD, NOON)
    await house.authenticate("bob@example.org", PASSWORD, NOON)
    with pytest.raises(InvalidCredentials):
        await house.authenticate("ada", "another password than hers", NOON)


async def test_an_imported_account_keeps_its_roles_its_state_and_its_creation_time() -> None:
    house = House()
    await imported(house, replace(ADA, roles=["moderator", "admin"], disabled=True, created_at=YEARS_AGO), BOB)
    ada, bob = stored(house, "ada"), stored(house, "bob")
    assert (ada.username.value, ada.address) == ("Ada", "Ada@example.org")
    assert ada.roles == {USER, MODERATOR, ADMIN}
    assert bob.roles == {USER}
    assert (ada.suspension, ada.created_at) == (WITHOUT_END, YEARS_AGO)
    assert (bob.suspension, bob.created_at) == (None, NOON)


async def test_ids_grow_in_the_order_of_the_lines() -> None:
    house = House()
    await imported(house, *entries(BATCH_SIZE + 3))
    names = [
        user.username.key for user in sorted(house.storage.database.tables.users.values(), key=lambda user: user.id)
    ]
    assert names == [f"user-{n}" for n in range(1, BATCH_SIZE + 4)]


async def test_an_imported_account_keeps_its_id() -> None:
    house, given = House(), UserId(uuid4())
    await imported(house, replace(ADA, id=given), BOB)
    assert stored(house, "ada").id == given
    assert stored(house, "bob").id != given


async def test_an_id_that_a_deleted_account_had_begins_in_a_later_epoch() -> None:
    """TK-23: tokens of the deleted account stay refused, and those of the new one are not refused with them."""
    house, given = House(), UserId(uuid4())
    await imported(house, replace(ADA, id=given))
    last = stored(house, "ada").epoch
    async with house.storage.transaction() as tx:
        await tx.users.delete(given)
    await house.import_users([replace(BOB, line=1, id=given)], NOON + timedelta(seconds=5), by=OPERATOR)
    assert stored(house, "bob").epoch > last + 1
    assert 0 < stored(house, "bob").epoch < 2**31


@pytest.mark.parametrize("number", [0, (1 << 128) - 1])
async def test_an_id_that_names_nothing_prevents_the_import(number: int) -> None:
    refused = await refusal(House(), replace(ADA, id=UserId(UUID(int=number))))
    assert "id" in refused.wrong[1]


async def test_an_id_that_occurs_twice_prevents_the_import() -> None:
    given = UserId(uuid4())
    refused = await refusal(House(), replace(ADA, id=given), replace(BOB, id=given))
    assert refused.wrong == {2: "The id is that of line 1."}


async def test_an_id_in_use_prevents_the_import_and_can_be_skipped() -> None:
    house = House()
    await imported(house, ADA)
    entry = replace(BOB, line=1, id=stored(house, "ada").id)
    assert (await refusal(house, entry)).wrong == {1: "Id is already in use!"}
    assert (await imported(house, entry, skip_existing=True)).skipped == 1


async def test_outdated_hashes_are_replaced_at_the_first_sign_in() -> None:
    """SI-11."""
    house = House()
    await imported(house, replace(ADA, password_hash=f"$plain$0${PASSWORD}"))
    await house.authenticate("ada", PASSWORD, NOON)
    assert stored(house, "ada").password_hash == HASH


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (replace(BOB, username="x"), "3 to 32 letters"),
        (replace(BOB, email="bob"), "email"),
        (replace(BOB, password_hash="md5:5f4dcc3b"), "could not be used here: malformed"),
        (replace(BOB, password_hash=""), "could not be used here"),
        (replace(BOB, roles=["emperor"]), "emperor"),
        (replace(BOB, roles=["Not A Role"]), "Role"),
        (replace(BOB, created_at=NOON + timedelta(days=2)), "1970 or in the future"),
        (replace(BOB, created_at=datetime(1969, 12, 31, tzinfo=UTC)), "1970 or in the future"),
        (Problem(2, "This is no JSON."), "This is no JSON."),
        (replace(BOB, username="ADA"), "The username is that of line 1."),
        (replace(BOB, email="ADA@example.org"), "The email is that of line 1."),
    ],
)
async def test_one_wrong_line_prevents_the_whole_import(wrong: AccountEntry | Problem, reason: str) -> None:
    refused = await refusal(House(), ADA, wrong)
    assert str(refused) == "Nothing was imported: 1 line cannot be."
    ((line, text),) = refused.wrong.items()
    assert (line, reason in text, refused.more, refused.in_use) == (2, True, 0, False)
    assert "5f4dcc3b" not in text


async def test_the_first_wrong_lines_are_explained_and_the_others_counted() -> None:
    lines = [Problem(n, "This is no JSON.") for n in range(1, BATCH_SIZE * 2)]
    refused = await refusal(House(), *lines)
    assert [*refused.wrong] == list(range(1, MAX_REPORTED_LINES + 1))
    assert refused.more == BATCH_SIZE * 2 - 1 - MAX_REPORTED_LINES
    assert str(refused) == f"Nothing was imported: {BATCH_SIZE * 2 - 1} lines cannot be."


async def test_a_repeated_name_is_found_in_a_distant_line() -> None:
    refused = await refusal(House(), *entries(BATCH_SIZE * 2), AccountEntry(2000, "user-7", "other@example.org", HASH))
    assert refused.wrong == {2000: "The username is that of line 7."}


async def test_a_name_in_use_stops_the_import_before_it_begins() -> None:
    house = House()
    await house.with_user("ada")
    refused = await refusal(house, replace(ADA, email="a@example.org"), BOB, replace(ADA, line=3, username="carol"))
    assert refused.wrong == {1: UsernameTaken.text, 3: EmailTaken.text}
    assert refused.in_use


async def test_existing_accounts_can_be_skipped() -> None:
    house = House()
    before = await house.with_user("ada")
    done = await imported(house, replace(ADA, roles=["admin"]), BOB, skip_existing=True)
    assert (done.imported, done.skipped, done.stored) == (1, 1, 2)
    assert await house.stored(before.id) == before
    again = await imported(house, ADA, BOB, skip_existing=True)
    assert (again.imported, again.skipped) == (0, 2)


async def test_a_wrong_line_prevents_the_import_even_if_existing_accounts_are_skipped() -> None:
    house = House()
    await house.with_user("ada")
    with pytest.raises(ImportRefused):
        await imported(house, ADA, replace(BOB, email="bob"), skip_existing=True)
    assert len(house.storage.database.tables.users) == 1


async def test_a_name_taken_meanwhile_stops_the_import_which_can_be_repeated() -> None:
    async def rival(storage: MemoryStorage) -> None:
        async with storage.transaction() as tx:
            await tx.users.add(a_user(f"user-{BATCH_SIZE + 9}"))

    house, lines = House(), entries(BATCH_SIZE * 3)
    house.storage = Interrupted(rival)
    with pytest.raises(ImportStopped) as stopped:
        await imported(house, *lines)
    assert str(stopped.value) == (
        f"{UsernameTaken.text} Before that, the accounts up to line {BATCH_SIZE} are in the database."
    )
    assert len(house.storage.database.tables.users) == BATCH_SIZE + 1
    assert house.log.events == [
        (SecurityEvent.USERS_IMPORT_FAILED, {"by": "operator", "imported": BATCH_SIZE, "skipped": 0})
    ]
    done = await imported(house, *lines, skip_existing=True)
    assert (done.imported, done.skipped) == (BATCH_SIZE * 2 - 1, BATCH_SIZE + 1)


async def test_when_the_database_fails_the_refusal_names_what_is_stored_and_what_is_uncertain() -> None:
    async def away(_: MemoryStorage) -> None:
        raise StorageUnavailable(cause="test")

    house = House()
    house.storage = Interrupted(away)
    known = f"the accounts up to line {BATCH_SIZE} are in the database; whether those up to line {BATCH_SIZE * 2} are"
    with pytest.raises(ImportStopped, match=known):
        await imported(house, *entries(BATCH_SIZE * 2))


async def test_progress_is_reported_batch_by_batch() -> None:
    on_progress: list[ImportProgress] = []
    await House().import_users(entries(BATCH_SIZE + 1), NOON, by=OPERATOR, on_progress=on_progress.append)
    assert [(progress.checked, progress.stored) for progress in on_progress] == [
        (BATCH_SIZE, 0),
        (BATCH_SIZE + 1, 0),
        (0, BATCH_SIZE),
        (0, BATCH_SIZE + 1),
    ]


async def test_the_log_contains_numbers_and_no_names() -> None:
    house = House()
    await imported(house, ADA, BOB)
    assert house.log.events == [(SecurityEvent.USERS_IMPORTED, {"by": "operator", "imported": 2, "skipped": 0})]


async def test_an_import_without_lines_adds_nothing() -> None:
    house = House()
    assert await imported(house) == ImportProgress()
