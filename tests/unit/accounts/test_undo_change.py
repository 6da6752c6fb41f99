"""A change that was not the holder's is undone by the link of a letter."""

import asyncio
from datetime import timedelta

import pytest

from doorward.application.accounts.update_user import UserChanges
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.email_verification import EmailVerification
from doorward.domain.accounts.user import User
from doorward.domain.errors import EmailTaken, InvalidCredentials, InvalidLink
from doorward.domain.letters.letter import SLOT_SECONDS, Letter, LetterKind
from doorward.domain.letters.link_token import RESET_LIFE
from doorward.domain.letters.undo_link import UNDO_LIFE
from doorward.testing.builders import OTHER_PASSWORD, PASSWORD, a_principal, a_user, email_of
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put, sessions_of
from support.house import House

OLD = "ada@example.org"
STOLEN = "thief@example.com"
NEXT_PASSWORD = "another quiet meadow"


async def changed_password(house: House, *, verified: bool = True) -> User:
    """An account whose password a thief has changed, who is signed in."""
    ada = a_user("ada").verified(NOON) if verified else a_user("ada")
    await put(house.storage, ada)
    signed_in = await house.signed_in("ada")
    by = a_principal(ada, signed_in.session)
    await house.change_password(by, PASSWORD, OTHER_PASSWORD, house.clock.now())
    return ada


async def moved_to(house: House, address: str, password: str = PASSWORD) -> None:
    """Whoever knows the password gives the account another address, by the letter to it."""
    signed_in = await house.authenticate("ada", password, house.clock.now())
    by = a_principal(signed_in.user, signed_in.session)
    await house.request_email_change(by, address, password, house.clock.now(), "en")
    await house.confirm_email_change(await token_sent(house, LetterKind.EMAIL_CHANGE, address), "en", house.clock.now())


async def stolen(house: House) -> User:
    """An account whose address a thief has changed. The letter to the old one waits."""
    ada = a_user("ada").verified(NOON)
    await put(house.storage, ada)
    await moved_to(house, STOLEN)
    return ada


async def token_sent(house: House, kind: LetterKind = LetterKind.EMAIL_CHANGED, address: str = OLD) -> str:
    """Send what is due, and return the token of the last letter of that kind to this address."""
    await house.send_letters()
    house.clock.move(SLOT_SECONDS)
    found = [letter.token for letter in house.mailer.sent if (letter.kind, letter.recipient) == (kind, address)]
    assert found
    assert found[-1] is not None
    return found[-1]


async def undo(house: House, token: str) -> str:
    return await house.undo_change(token, house.clock.now())


async def test_a_changed_address_is_restored_and_a_new_password_is_chosen() -> None:
    """VF-02: all sessions end, and the password of the thief does not work any more."""
    house = House()
    ada = await stolen(house)
    reset_token = await undo(house, await token_sent(house))
    restored = await house.stored(ada.id)
    assert (restored.email, restored.email_verified) == (ada.email, True)
    assert restored.epoch == ada.epoch + 1
    assert await sessions_of(house.storage, ada) == []
    with pytest.raises(InvalidCredentials):
        await house.signed_in("ada")
    await house.reset_password(reset_token, NEXT_PASSWORD, "en", house.clock.now())
    await house.authenticate(OLD, NEXT_PASSWORD, house.clock.now())
    assert house.log.of(SecurityEvent.CHANGE_UNDONE) == [{"user_id": str(ada.id)}]


async def test_the_letter_of_a_changed_password_has_the_same_link() -> None:
    """PW-01, VF-02."""
    house = House()
    ada = await changed_password(house)
    token = await token_sent(house, LetterKind.PASSWORD_CHANGED)
    (told,) = house.mailer.sent
    assert (told.kind, told.token_minutes) == (LetterKind.PASSWORD_CHANGED, 7 * 24 * 60)
    reset_token = await undo(house, token)
    assert await sessions_of(house.storage, ada) == []
    with pytest.raises(InvalidCredentials):
        await house.authenticate("ada", OTHER_PASSWORD, house.clock.now())
    await house.reset_password(reset_token, NEXT_PASSWORD, "en", house.clock.now())
    await house.authenticate("ada", NEXT_PASSWORD, house.clock.now())


async def test_an_address_that_was_never_verified_gets_no_link() -> None:
    """VF-02: it may be that of somebody else."""
    house = House()
    await changed_password(house, verified=False)
    await house.send_letters()
    (told,) = house.mailer.sent
    assert (told.kind, told.token) == (LetterKind.PASSWORD_CHANGED, None)


async def test_a_link_is_valid_for_seven_days_from_the_change_of_the_address() -> None:
    """VF-02: however late the letter is sent."""
    house = House()
    ada = await stolen(house)
    changed_at = house.clock.now()
    house.clock.move(3600)
    token = await token_sent(house)
    (told,) = [letter for letter in house.mailer.sent if letter.kind is LetterKind.EMAIL_CHANGED]
    assert told.token_minutes == 7 * 24 * 60 - 60
    with pytest.raises(InvalidLink):
        await house.undo_change(token, changed_at + UNDO_LIFE)
    await house.undo_change(token, changed_at + UNDO_LIFE - timedelta(microseconds=1))
    assert (await house.stored(ada.id)).email == ada.email


async def test_a_letter_about_a_change_that_is_sent_after_seven_days_has_no_link() -> None:
    """VF-02."""
    house = House()
    ada = await stolen(house)
    house.clock.move(UNDO_LIFE.total_seconds())
    await put(house.storage, Letter.to_holder(LetterKind.EMAIL_CHANGED, ada, "en", house.clock.now()))
    await house.send_letters()
    assert [letter.token for letter in house.mailer.sent if letter.recipient == OLD] == [None]


async def test_of_fifty_who_use_one_link_at_once_one_succeeds() -> None:
    """VF-02, RS-03."""
    house = House()
    await stolen(house)
    token = await token_sent(house)
    outcomes = await asyncio.gather(*(undo(house, token) for _ in range(50)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidLink"] * 49 + ["str"]


async def test_the_thief_does_not_get_rid_of_the_link() -> None:
    """VF-02: neither by another password, nor by a new password by letter, nor by a second and a third address."""
    house = House()
    ada = await stolen(house)
    token = await token_sent(house)
    signed_in = await house.signed_in("ada")
    await house.change_password(
        a_principal(signed_in.user, signed_in.session), PASSWORD, OTHER_PASSWORD, house.clock.now()
    )
    await house.request_reset(STOLEN, "en", house.clock.now())
    reset = await token_sent(house, LetterKind.PASSWORD_RESET, STOLEN)
    await house.reset_password(reset, NEXT_PASSWORD, "en", house.clock.now())
    for address in ("second@example.com", "third@example.com"):
        await moved_to(house, address, NEXT_PASSWORD)
    await undo(house, token)
    assert (await house.stored(ada.id)).email == ada.email


async def test_the_links_of_the_thief_are_void_after_the_undoing() -> None:
    """VF-02: those that undo, those for a new password, and those of letters that wait."""
    house = House()
    await stolen(house)
    token = await token_sent(house)
    await moved_to(house, "second@example.com")
    thiefs = await token_sent(house, LetterKind.EMAIL_CHANGED, STOLEN)
    await house.request_reset("second@example.com", "en", house.clock.now())
    reset = await token_sent(house, LetterKind.PASSWORD_RESET, "second@example.com")
    signed_in = await house.signed_in("ada")
    by = a_principal(signed_in.user, signed_in.session)
    await house.change_password(by, PASSWORD, OTHER_PASSWORD, house.clock.now())
    await house.request_email_change(by, "third@example.com", OTHER_PASSWORD, house.clock.now(), "en")
    await undo(house, token)
    sent = len(house.mailer.sent)
    await house.send_letters()
    assert [letter.token for letter in house.mailer.sent[sent:]] == [None]
    with pytest.raises(InvalidLink):
        await undo(house, thiefs)
    with pytest.raises(InvalidLink):
        await house.reset_password(reset, OTHER_PASSWORD, "en", house.clock.now())


@pytest.mark.parametrize("kind", [LetterKind.EMAIL_CHANGED, LetterKind.PASSWORD_CHANGED])
async def test_a_thief_who_undoes_a_change_of_their_own_leaves_the_link_of_the_owner(kind: LetterKind) -> None:
    """VF-02: the address of the thief is verified, so that letters to it have such links, too."""
    house = House()
    ada = await stolen(house)
    house.clock.move(SLOT_SECONDS)
    if kind is LetterKind.EMAIL_CHANGED:
        await moved_to(house, "second@example.com")
    else:
        signed_in = await house.signed_in("ada")
        by = a_principal(signed_in.user, signed_in.session)
        await house.change_password(by, PASSWORD, OTHER_PASSWORD, house.clock.now())
    token, thiefs = await token_sent(house), await token_sent(house, kind, STOLEN)
    await undo(house, thiefs)
    assert (await house.stored(ada.id)).address == STOLEN
    reset_token = await undo(house, token)
    assert (await house.stored(ada.id)).email == ada.email
    await house.reset_password(reset_token, NEXT_PASSWORD, "en", house.clock.now())
    with pytest.raises(InvalidLink):
        await undo(house, thiefs)


async def test_nobody_signs_up_with_an_address_that_can_be_restored() -> None:
    """VF-02: otherwise a thief would hold the old address by a second account."""
    house = House()
    ada = await stolen(house)
    with pytest.raises(EmailTaken):
        await house.register("eve", OLD, OTHER_PASSWORD, house.clock.now())
    eve = await house.with_user("eve")
    signed_in = await house.signed_in("eve")
    await house.request_email_change(a_principal(eve, signed_in.session), OLD, PASSWORD, house.clock.now(), "en")
    await house.send_letters()
    (letter,) = [letter for letter in house.mailer.sent if letter.kind is LetterKind.EMAIL_CHANGE][1:]
    assert letter.token is not None
    with pytest.raises(EmailTaken):
        await house.confirm_email_change(letter.token, "en", house.clock.now())
    house.clock.move(UNDO_LIFE.total_seconds())
    await house.register("grace", OLD, OTHER_PASSWORD, house.clock.now())
    assert email_of(await house.stored(ada.id)).key == STOLEN


async def test_where_verified_addresses_are_required_nobody_learns_that_an_address_can_be_restored() -> None:
    """SU-20."""
    house = House(verification=EmailVerification.REQUIRED)
    await stolen(house)
    assert await house.register("eve", OLD, OTHER_PASSWORD, house.clock.now()) is None


async def test_an_address_that_the_operator_gave_to_another_account_is_not_taken_from_it() -> None:
    house = House()
    await stolen(house)
    token = await token_sent(house)
    await put(house.storage, a_user("bob").with_email(Email.parse(OLD)))
    with pytest.raises(EmailTaken):
        await undo(house, token)


@pytest.mark.parametrize("change", ["address", "disabled"])
async def test_an_admin_who_changes_the_address_or_disables_the_account_voids_the_link(change: str) -> None:
    """VF-02: such as when the mailbox itself was stolen."""
    house = House()
    ada = await stolen(house)
    token = await token_sent(house)
    new = Email.parse("safe@example.org")
    changes = UserChanges(email=new) if change == "address" else UserChanges(disabled=True)
    await house.update(ada.id, changes, by=OPERATOR)
    with pytest.raises(InvalidLink):
        await undo(house, token)


async def test_a_letter_that_is_sent_after_an_admin_changed_the_address_has_no_link() -> None:
    house = House()
    ada = await stolen(house)
    await house.update(ada.id, UserChanges(email=Email.parse("safe@example.org")), by=OPERATOR)
    await house.send_letters()
    assert [letter.token for letter in house.mailer.sent if letter.recipient == OLD] == [None]


async def test_the_token_of_the_answer_is_that_of_a_forgotten_password() -> None:
    """RS-02."""
    house = House()
    await stolen(house)
    reset_token = await undo(house, await token_sent(house))
    house.clock.move(RESET_LIFE.total_seconds())
    with pytest.raises(InvalidLink):
        await house.reset_password(reset_token, NEXT_PASSWORD, "en", house.clock.now())


@pytest.mark.parametrize("token", ["", "link-99", "nothing"])
async def test_an_unknown_token_is_refused_without_hashing(token: str) -> None:
    house = House()
    await stolen(house)
    hashed = house.hasher.hashed
    with pytest.raises(InvalidLink):
        await undo(house, token)
    assert house.hasher.hashed == hashed
    assert [line["purpose"] for line in house.log.of(SecurityEvent.LINK_REFUSED)] == ["undo"]


async def test_the_letter_about_a_new_device_has_the_link() -> None:
    """VF-02: it ends the session of the stranger, and the password does not work any more."""
    house = House()
    ada = a_user("ada").verified(NOON)
    await put(house.storage, ada)
    await house.signed_in("ada")
    await put(house.storage, Letter.to_holder(LetterKind.NEW_DEVICE, ada, "en", house.clock.now()))
    await undo(house, await token_sent(house, LetterKind.NEW_DEVICE))
    assert await sessions_of(house.storage, ada) == []
    with pytest.raises(InvalidCredentials):
        await house.signed_in("ada")
