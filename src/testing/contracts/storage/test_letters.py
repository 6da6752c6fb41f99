import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from doorward.application.ports.letters import LetterReader, LetterRepository
from doorward.application.ports.repositories import UserRepository
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.accounts.email import Email
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId, uuid7
from doorward.domain.letters.letter import Letter, LetterKind, LetterState
from doorward.testing.builders import a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put

pytestmark = pytest.mark.asyncio(loop_scope="function")

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ADA = a_user("ada")


def a_letter(address: str = "ada@example.org", minute: int = 0) -> Letter:
    return Letter.requested(LetterKind.PASSWORD_RESET, Email.parse(address), "de", NOON + minute * MINUTE)


async def stored(storage: Storage, letter: Letter) -> Letter | None:
    async with storage.reading() as reading:
        return await reading.letters.get(letter.id)


@retried
async def save(storage: Storage, letter: Letter) -> bool:
    async with storage.transaction() as tx:
        return await tx.letters.save(letter)


@proves(LetterReader.get, "Return")
async def test_a_letter_comes_back_as_it_was(storage: Storage) -> None:
    requested = a_letter()
    told = Letter.to_holder(LetterKind.PASSWORD_CHANGED, ADA, "pt", NOON)
    given_up = replace(
        told.attempted(NOON, 0.5, ADA).failed("é" * 100, NOON, final=True), slot=b"\0 \xff'" * 8, version=7
    )
    given_up = replace(given_up, id=a_letter().id)
    details = {"agent": "Firefox (\"é\\')", "address": "2001:db8::1"}
    with_details = Letter.to_holder(LetterKind.NEW_DEVICE, ADA, "en", NOON, details)
    of_account = Letter.to_holder(LetterKind.PASSWORD_CHANGED, ADA, None, NOON)
    await put(storage, requested, told, given_up, with_details, of_account)
    for letter in (requested, told, given_up, with_details, of_account):
        assert await stored(storage, letter) == letter


@proves(Storage.transaction, "Roll back")
async def test_a_letter_is_stored_with_what_it_tells_of_or_not_at_all(storage: Storage) -> None:
    letter = a_letter()

    async def fail_afterwards() -> None:
        async with storage.transaction() as tx:
            await tx.letters.add(letter)
            await tx.users.grant(UserId(uuid7(NOON)), next(iter(ADA.roles)), NOON)

    with pytest.raises(AccountMissing):
        await fail_afterwards()
    assert await stored(storage, letter) is None


@proves(LetterRepository.add, "Return False, and store nothing")
async def test_of_letters_with_one_slot_the_first_is_stored_and_the_transaction_goes_on(storage: Storage) -> None:
    first, second, later = a_letter(), a_letter("Ada@example.ORG"), a_letter(minute=1)
    async with storage.transaction() as tx:
        assert await tx.letters.add(first)
        assert not await tx.letters.add(second)
        assert await tx.letters.add(later)
    assert [await stored(storage, letter) for letter in (first, second, later)] == [first, None, later]


@proves(LetterRepository.add, "Return False, and store nothing")
async def test_of_many_who_order_one_letter_at_once_one_succeeds(storage: Storage) -> None:
    @retried
    async def order() -> bool:
        async with storage.transaction() as tx:
            return await tx.letters.add(a_letter())

    assert sorted(await asyncio.gather(*(order() for _ in range(10)))) == [False] * 9 + [True]


@proves(LetterReader.due, "Return at most `limit` waiting")
async def test_due_letters_come_in_the_order_of_their_time_and_others_do_not(storage: Storage) -> None:
    due = [a_letter(f"due{number}@example.org", number) for number in (3, 0, 2)]
    not_yet = a_letter("later@example.org", 9)
    done = a_letter("done@example.org").sent(NOON)
    given_up = a_letter("given-up@example.org").failed("refused", NOON, final=True)
    await put(storage, *due, not_yet, done, given_up)
    async with storage.reading() as reading:
        assert await reading.letters.due(NOON + 3 * MINUTE, 9) == [due[1], due[2], due[0]]
        assert await reading.letters.due(NOON + 3 * MINUTE, 2) == [due[1], due[2]]


@proves(LetterReader.latest, "Return at most `limit` letters")
@proves(LetterReader, "Letters are stored")
async def test_the_latest_letters_come_first_and_can_be_chosen_by_their_state(storage: Storage) -> None:
    letters = [a_letter(minute=minute) for minute in range(3)]
    letters[1] = letters[1].sent(NOON)
    await put(storage, *letters)
    async with storage.reading() as reading:
        assert await reading.letters.latest(2) == [letters[2], letters[1]]
        assert await reading.letters.latest(9, LetterState.WAITING) == [letters[2], letters[0]]
        assert await reading.letters.latest(9, LetterState.GIVEN_UP) == []


@proves(LetterRepository.save, "Save everything", "Return False")
async def test_a_change_is_saved_over_the_version_before_it_only(storage: Storage) -> None:
    letter = a_letter()
    await put(storage, letter)
    attempted = letter.attempted(NOON, 0.0, ADA)
    assert await save(storage, attempted)
    assert not await save(storage, letter.sent(NOON))
    assert await stored(storage, letter) == attempted
    assert not await save(storage, a_letter("nobody@example.org").sent(NOON))


@proves(LetterRepository.save, "Of several")
async def test_of_many_senders_that_claim_one_letter_one_succeeds(storage: Storage) -> None:
    letter = a_letter()
    await put(storage, letter)
    claims = [save(storage, letter.attempted(NOON + number * MINUTE, 0.0, ADA)) for number in range(10)]
    assert sorted(await asyncio.gather(*claims)) == [False] * 9 + [True]


@proves(LetterRepository.prune, "Delete at most `limit` letters")
@proves(LetterReader, "Letters are stored")
async def test_letters_that_were_finished_long_ago_are_pruned(storage: Storage) -> None:
    old = [a_letter(minute=minute).sent(NOON - DAY) for minute in range(3)]
    recent = a_letter("recent@example.org").failed("refused", NOON, final=True)
    waiting = replace(a_letter("waiting@example.org"), due_at=NOON - DAY)
    await put(storage, *old, recent, waiting)
    async with storage.transaction() as tx:
        assert await tx.letters.prune(NOON, 2) == 2
        assert await tx.letters.prune(NOON, 2) == 1
        assert await tx.letters.prune(NOON, 2) == 0
        assert {letter.id for letter in await tx.letters.latest(9)} == {recent.id, waiting.id}


@proves(UserRepository.delete, "Its letters")
async def test_the_letters_of_a_deleted_account_go_with_it(storage: Storage) -> None:
    grace = a_user("grace")
    hers = Letter.to_holder(LetterKind.PASSWORD_CHANGED, ADA, "en", NOON)
    others = Letter.to_holder(LetterKind.PASSWORD_CHANGED, grace, "en", NOON)
    await put(storage, ADA, grace, hers, others)
    async with storage.transaction() as tx:
        assert await tx.users.delete(ADA.id)
    assert [await stored(storage, letter) for letter in (hers, others)] == [None, others]


@proves(LetterRepository.remove, "Return whether there was such")
async def test_a_letter_is_removed_once(storage: Storage) -> None:
    letter = a_letter()
    await put(storage, letter)
    async with storage.transaction() as tx:
        assert await tx.letters.remove(letter.id)
        assert not await tx.letters.remove(letter.id)
    assert await stored(storage, letter) is None


@proves(LetterRepository.save, "Save everything but")
async def test_a_saved_letter_keeps_its_slot_and_the_time_of_its_creation(storage: Storage) -> None:
    letter = Letter.requested(LetterKind.PASSWORD_RESET, Email.parse("ada@example.org"), "de", NOON)
    other = Letter.requested(LetterKind.PASSWORD_RESET, Email.parse("bob@example.org"), "de", NOON + DAY)
    await put(storage, letter)
    sent = letter.sent(NOON + MINUTE)
    async with storage.transaction() as tx:
        assert await tx.letters.save(replace(sent, slot=other.slot, created_at=other.created_at))
        assert not await tx.letters.add(replace(other, slot=letter.slot))
        assert await tx.letters.add(other)
    async with storage.reading() as reading:
        assert await reading.letters.get(letter.id) == sent
