"""Another email address: the request, the letter to the new address, and the notice to the old one."""

import asyncio

import pytest

from doorward.application.accounts.update_user import UserChanges
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.principal import Principal
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.user import User
from doorward.domain.errors import EmailTaken, InvalidEmail, InvalidLink, PasswordWrong, TooManyAttempts
from doorward.domain.letters.letter import SLOT_SECONDS, LetterKind
from doorward.domain.letters.link_token import VERIFICATION_LIFE
from doorward.testing.builders import OTHER_PASSWORD, PASSWORD, a_principal, a_user, email_of
from doorward.testing.doubles import NOON, PlainLinkTokens
from doorward.testing.storage_access import put, sessions_of
from support.house import House

OLD, NEW = "ada@example.org", "Ada.King@example.com"


async def signed_in(house: House, *, verified: bool = True) -> tuple[User, Principal]:
    """An account with the address OLD, and its session."""
    ada = a_user("ada").verified(NOON) if verified else a_user("ada")
    await put(house.storage, ada)
    signed_in = await house.signed_in("ada")
    return ada, a_principal(ada, signed_in.session)


async def request(house: House, by: Principal, new_email: str = NEW, password: str = PASSWORD) -> None:
    await house.request_email_change(by, new_email, password, house.clock.now(), "fr")


async def token_sent(house: House) -> str:
    await house.send_letters()
    house.clock.move(SLOT_SECONDS)
    token = house.mailer.sent[-1].token
    assert token is not None
    return token


async def requested(house: House, by: Principal, new_email: str = NEW) -> str:
    """Ask for the address, send the letter, and return its token."""
    await request(house, by, new_email)
    return await token_sent(house)


async def confirm(house: House, token: str) -> None:
    await house.confirm_email_change(token, "pt", house.clock.now())


async def test_the_new_address_counts_when_it_is_confirmed_and_the_old_one_is_told() -> None:
    """VF-02."""
    house = House()
    ada, by = await signed_in(house)
    token = await requested(house, by)
    assert await house.stored(ada.id) == ada
    (asked,) = house.mailer.sent
    assert (asked.kind, asked.recipient, asked.language, asked.token_minutes) == (
        LetterKind.EMAIL_CHANGE,
        NEW,
        "fr",
        24 * 60,
    )
    confirmed_at = house.clock.now()
    await confirm(house, token)
    changed = await house.stored(ada.id)
    assert (changed.email, changed.email_verified_at) == (Email.parse(NEW), confirmed_at)
    await house.send_letters()
    told = house.mailer.sent[-1]
    assert (told.kind, told.recipient, told.language, told.token_minutes) == (
        LetterKind.EMAIL_CHANGED,
        OLD,
        "pt",
        7 * 24 * 60,
    )
    assert told.token is not None


async def test_the_sessions_go_on() -> None:
    """VF-02."""
    house = House()
    ada, by = await signed_in(house)
    await confirm(house, await requested(house, by))
    assert await sessions_of(house.storage, ada) == [by.session_id]
    assert (await house.stored(ada.id)).epoch == ada.epoch


async def test_the_password_is_proved_and_counts_like_an_attempt_to_sign_in() -> None:
    """VF-02, PW-01."""
    house = House()
    _, by = await signed_in(house)
    for _ in range(3):
        with pytest.raises(PasswordWrong):
            await request(house, by, password="wrong")
    with pytest.raises(TooManyAttempts):
        await request(house, by)
    assert house.database.tables.letters == {}


async def test_what_is_no_address_is_refused_before_the_password_is_looked_at() -> None:
    house = House()
    _, by = await signed_in(house)
    work = house.hasher.work
    with pytest.raises(InvalidEmail):
        await request(house, by, new_email="ada")
    assert house.hasher.work == work


@pytest.mark.parametrize("new_email", [NEW, "bob@example.org"])
async def test_a_free_address_and_one_in_use_lead_to_the_same_work(new_email: str) -> None:
    """VF-02, RS-01: the request stores the same rows."""
    house = House()
    ada, by = await signed_in(house)
    await house.with_user("bob")
    await request(house, by, new_email)
    (letter,) = house.database.tables.letters.values()
    assert (letter.recipient, letter.user_id, letter.kind) == (new_email, ada.id, LetterKind.EMAIL_CHANGE)
    (token,) = house.database.tables.link_tokens.values()
    assert token.new_address == new_email
    assert [event for event, _ in house.log.events][-1] == SecurityEvent.EMAIL_CHANGE_REQUESTED


async def test_the_owner_of_an_address_in_use_is_told_and_gets_no_link() -> None:
    """VF-02."""
    house = House()
    _, by = await signed_in(house)
    bob = await house.with_user("bob")
    await request(house, by, "BOB@example.org")
    await house.send_letters()
    (told,) = house.mailer.sent
    assert (told.kind, told.username, told.token) == (LetterKind.EMAIL_IN_USE, "bob", None)
    assert await house.stored(bob.id) == bob


async def test_an_address_that_somebody_got_meanwhile_is_refused_and_the_account_keeps_its_own() -> None:
    house = House()
    ada, by = await signed_in(house)
    token = await requested(house, by)
    await put(house.storage, a_user("bob").with_email(Email.parse(NEW)))
    with pytest.raises(EmailTaken):
        await confirm(house, token)
    assert await house.stored(ada.id) == ada


async def test_a_token_is_valid_for_a_day() -> None:
    """VF-02."""
    house = House()
    _, by = await signed_in(house)
    token = await requested(house, by)
    house.clock.move(VERIFICATION_LIFE.total_seconds() - SLOT_SECONDS)
    with pytest.raises(InvalidLink):
        await confirm(house, token)


async def test_of_fifty_who_use_one_token_at_once_one_succeeds() -> None:
    """VF-02, RS-03."""
    house = House()
    _, by = await signed_in(house)
    token = await requested(house, by)
    outcomes = await asyncio.gather(*(confirm(house, token) for _ in range(50)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidLink"] * 49 + ["NoneType"]


async def test_an_account_gets_one_such_letter_a_minute_and_the_newest_replaces_the_older_one() -> None:
    """VF-02: so that nobody floods the mailboxes of others from one account."""
    house = House()
    ada, by = await signed_in(house)
    first = await requested(house, by)
    await request(house, by, "second@example.com")
    with pytest.raises(TooManyAttempts) as refused:
        await request(house, by, "third@example.com")
    assert refused.value.retry_after == SLOT_SECONDS
    second = await token_sent(house)
    with pytest.raises(InvalidLink):
        await confirm(house, first)
    await confirm(house, second)
    assert email_of(await house.stored(ada.id)).key == "second@example.com"


async def test_a_letter_that_waits_for_an_address_that_is_not_wanted_any_more_is_discarded() -> None:
    """VF-02: a newer request or a new password takes the place of a letter that was not sent."""
    house = House()
    ada, by = await signed_in(house)
    await request(house, by, "first@example.com")
    house.clock.move(SLOT_SECONDS)
    await request(house, by, "second@example.com")
    await house.send_letters()
    assert [letter.recipient for letter in house.mailer.sent] == ["second@example.com"]
    house.clock.move(SLOT_SECONDS)
    await request(house, by, "third@example.com")
    await house.set_password(ada.id, OTHER_PASSWORD, house.clock.now(), by=OPERATOR)
    await house.send_letters()
    assert [letter.recipient for letter in house.mailer.sent] == ["second@example.com", OLD]
    discarded = house.log.of(SecurityEvent.LETTER_DISCARDED)
    assert [line["reason"] for line in discarded] == ["not_wanted_any_more"] * 2


@pytest.mark.parametrize("change", ["password", "address", "disabled", "reset"])
async def test_a_token_is_void_after_any_other_change(change: str) -> None:
    """VF-02, VF-03."""
    house = House()
    ada, by = await signed_in(house)
    token = await requested(house, by)
    update = house.update
    match change:
        case "password":
            await house.change_password(by, PASSWORD, OTHER_PASSWORD, house.clock.now())
        case "address":
            await update(ada.id, UserChanges(email=Email.parse("third@example.org")), by=OPERATOR)
        case "disabled":
            await update(ada.id, UserChanges(disabled=True), by=OPERATOR)
        case _:
            await house.request_reset(OLD, "en", house.clock.now())
            await house.reset_password(await token_sent(house), OTHER_PASSWORD, "en", house.clock.now())
    with pytest.raises(InvalidLink):
        await confirm(house, token)


async def test_the_links_of_the_old_address_are_void_afterwards() -> None:
    """VF-02."""
    house = House()
    _, by = await signed_in(house)
    await house.request_reset(OLD, "en", house.clock.now())
    reset = await token_sent(house)
    await confirm(house, await requested(house, by))
    with pytest.raises(InvalidLink):
        await house.reset_password(reset, OTHER_PASSWORD, "en", house.clock.now())


async def test_an_old_address_that_was_never_verified_is_told_without_a_link() -> None:
    """VF-02: it may be that of somebody else, who would take over the account by it."""
    house = House()
    _, by = await signed_in(house, verified=False)
    await confirm(house, await requested(house, by))
    await house.send_letters()
    told = house.mailer.sent[-1]
    assert (told.kind, told.recipient, told.token) == (LetterKind.EMAIL_CHANGED, OLD, None)
    assert house.database.tables.undo_links == {}


async def test_another_spelling_of_the_address_is_confirmed_and_nobody_is_told_of_a_change() -> None:
    house = House()
    ada, by = await signed_in(house, verified=False)
    await confirm(house, await requested(house, by, "ADA@example.org"))
    changed = await house.stored(ada.id)
    assert (changed.address, changed.email_verified) == ("ADA@example.org", True)
    assert await house.send_letters() == 0


@pytest.mark.parametrize("token", ["", "link-99", "nothing"])
async def test_an_unknown_token_is_refused_and_writes_nothing(token: str) -> None:
    house = House()
    await signed_in(house)
    before = house.database.tables
    with pytest.raises(InvalidLink):
        await confirm(house, token)
    assert house.database.tables is before


async def test_no_token_is_stored_or_logged() -> None:
    """RS-02, LG-03."""
    house = House(link_tokens=PlainLinkTokens(issued=70_000))
    _, by = await signed_in(house)
    await confirm(house, await requested(house, by))
    undo = await token_sent(house)
    tables = house.database.tables
    for token in ("link-70002", undo):
        assert token not in repr((tables.letters, tables.link_tokens, tables.undo_links, house.log.events))
