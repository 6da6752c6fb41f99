"""Accounts that are deleted and kept: found by nothing but `deleted_users`, and pruned with all that they own."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from doorward.application.ports.deleted_users import DeletedUserReader, DeletedUserRepository
from doorward.application.ports.repositories import UserReader, UserRepository
from doorward.application.ports.storage import Storage
from doorward.domain.access.role import ADMIN, MODERATOR
from doorward.domain.accounts.attempts import UNKNOWN_DEVICES, AttemptKey, LoginHash
from doorward.domain.accounts.sign_in_code import SignInCode, SignInCodeHash
from doorward.domain.accounts.user import User
from doorward.domain.errors import EmailTaken, UsernameTaken
from doorward.domain.ids import UserId, uuid7
from doorward.domain.letters.letter import Letter, LetterKind
from doorward.domain.letters.link_token import LinkPurpose, LinkToken, LinkTokenHash
from doorward.domain.letters.undo_link import UndoLink
from doorward.testing.builders import a_user, email_of
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import announced, found, put

pytestmark = pytest.mark.asyncio(loop_scope="function")

MOMENT = timedelta(microseconds=1)
NOBODY = UserId(uuid7(NOON))


def gone(name: str, at: datetime = NOON) -> User:
    return replace(a_user(name, ADMIN, MODERATOR), deleted_at=at)


def a_link_token(user: User) -> LinkToken:
    return LinkToken(
        hash=LinkTokenHash(user.id.bytes * 2),
        purpose=LinkPurpose.PASSWORD_RESET,
        user_id=user.id,
        address_key=user.email_key,
        expires_at=NOON,
    )


def a_code(user: User) -> SignInCode:
    return SignInCode(user_id=user.id, hash=SignInCodeHash(user.id.bytes * 2), expires_at=NOON)


def an_undo_link(user: User) -> UndoLink:
    return UndoLink(hash=LinkTokenHash(user.id.bytes * 2), user_id=user.id, address=email_of(user), expires_at=NOON)


@proves(UserReader, "Accounts that were deleted")
@proves(DeletedUserReader.get, "Return")
@proves(DeletedUserReader.by_username, "Return")
@proves(DeletedUserReader.among, "Return which of these accounts")
@proves(DeletedUserRepository.lock, "Return")
async def test_a_deleted_account_is_found_only_where_deleted_ones_are_asked_for(storage: Storage) -> None:
    """ST-08, AZ-05."""
    ada, bob = gone("ada"), a_user("bob")
    await put(storage, ada, bob)
    key = AttemptKey(LoginHash(bytes(32)), UNKNOWN_DEVICES)
    async with storage.reading() as reading:
        assert await reading.users.get(ada.id) is None
        assert await reading.users.by_login("ada") is None
        assert await reading.users.by_login("ada@example.org") is None
        assert await reading.attempts.with_user(key, "ada") == (None, None)
        assert set(await reading.users.access_of([ada.id, bob.id])) == {bob.id}
        assert await reading.users.count_enabled(ADMIN, NOON) == 0
        assert await reading.deleted_users.get(ada.id) == ada
        assert await reading.deleted_users.by_username("ada") == ada
        assert await reading.deleted_users.get(bob.id) is None
        assert await reading.deleted_users.by_username("bob") is None
        assert await reading.deleted_users.among([NOBODY, bob.id, ada.id]) == {ada.id}
        assert await reading.deleted_users.among([]) == frozenset()
    async with storage.transaction() as tx:
        assert await tx.users.lock(ada.id) is None
        assert await tx.deleted_users.lock(ada.id) == ada
        assert await tx.deleted_users.lock(bob.id) is None


@proves(UserReader, "Accounts that were deleted")
@proves(UserReader.taken, "Return which of these keys")
async def test_the_name_and_the_email_of_a_deleted_account_stay_taken(storage: Storage) -> None:
    ada = gone("ada")
    await put(storage, ada)
    async with storage.reading() as reading:
        taken = await reading.users.taken(["ada", "bob"], ["ada@example.org", "bob@example.org"])
    assert taken == (frozenset({"ada"}), frozenset({"ada@example.org"}))
    for other, refusal in ((a_user("ada"), UsernameTaken), (replace(a_user("bob"), email=ada.email), EmailTaken)):
        with pytest.raises(refusal):
            await put(storage, other)


@proves(UserRepository.save, "The stored version")
async def test_an_account_is_deleted_and_restored_by_saving_it(storage: Storage) -> None:
    ada = a_user("ada", MODERATOR)
    await put(storage, ada)
    async with storage.transaction() as tx:
        await tx.users.save(ada.deleted_now(NOON))
    async with storage.transaction() as tx:
        deleted = await tx.deleted_users.lock(ada.id)
        assert deleted == replace(ada.deleted_now(NOON), version=1)
        await tx.users.save(deleted.restored())
    assert await found(storage, ada.id) == replace(ada, epoch=1, version=2)


@proves(DeletedUserRepository.strip, "Delete", "Links that undo")
async def test_stripping_an_account_deletes_its_letters_its_link_and_its_code_and_nothing_else(
    storage: Storage,
) -> None:
    """ST-08."""
    ada, bob = a_user("ada", MODERATOR), a_user("bob")
    letters = [Letter.to_holder(LetterKind.PASSWORD_CHANGED, user, "en", NOON) for user in (ada, ada, bob)]
    await put(storage, ada, bob, *letters, a_link_token(ada), a_link_token(bob), a_code(ada), a_code(bob))
    undo_link = an_undo_link(ada)
    await put(storage, undo_link)
    async with storage.transaction() as tx:
        await tx.known_agents.remember(ada.id, ["curl"])
        await tx.deleted_users.strip(ada.id)
        assert await tx.known_agents.of_user(ada.id) == ["curl"]
        assert await tx.sign_in_codes.count_try(ada.id) is None
        assert await tx.sign_in_codes.count_try(bob.id) is not None
    async with storage.reading() as reading:
        assert await reading.letters.due(NOON, 9) == [letters[2]]
        found_tokens = [await reading.link_tokens.find(a_link_token(user).hash) for user in (ada, bob)]
        assert await reading.undo_links.of_account(ada.id) == [undo_link]
    assert found_tokens == [None, a_link_token(bob)]
    assert await found(storage, ada.id) == ada


@proves(DeletedUserRepository.prune, "Delete", "They go", "Nothing is announced")
async def test_pruning_deletes_what_was_deleted_before_a_time_with_all_that_it_owns(storage: Storage) -> None:
    """ST-08. And nothing is announced."""
    old, young, kept = gone("old", NOON - MOMENT), gone("young"), a_user("kept")
    await put(storage, old, young, kept)
    await put(
        storage,
        an_undo_link(old),
        a_link_token(old),
        a_code(old),
        Letter.to_holder(LetterKind.PASSWORD_CHANGED, old, "en", NOON),
    )
    async with storage.transaction() as tx:
        assert await tx.deleted_users.prune(NOON, 10) == 1
        assert await tx.deleted_users.prune(NOON, 10) == 0
    async with storage.reading() as reading:
        assert await reading.deleted_users.get(old.id) is None
        assert await reading.deleted_users.get(young.id) == young
        assert await reading.link_tokens.find(a_link_token(old).hash) is None
        assert await reading.undo_links.of_account(old.id) == []
        assert await reading.letters.latest(9) == []
    assert await found(storage, kept.id) == kept
    assert await announced(storage) == []
    await put(storage, a_user("old"))


@proves(DeletedUserRepository.prune, "Delete")
async def test_pruning_is_bounded(storage: Storage) -> None:
    accounts = [gone(f"gone{number}", NOON - MOMENT) for number in range(5)]
    await put(storage, *accounts)
    pruned = []
    for _ in range(3):
        async with storage.transaction() as tx:
            pruned.append(await tx.deleted_users.prune(NOON, 2))
    assert pruned == [2, 2, 1]


@proves(UserRepository.delete, "Delete the account")
async def test_an_account_that_was_deleted_is_deleted_for_good_like_any_other(storage: Storage) -> None:
    ada = gone("ada")
    await put(storage, ada)
    async with storage.transaction() as tx:
        assert await tx.users.delete(ada.id)
    async with storage.reading() as reading:
        assert await reading.deleted_users.get(ada.id) is None
