"""A forgotten password: the request, the letter and the new password."""

import asyncio
from contextlib import suppress
from dataclasses import astuple, replace

import pytest

from doorward.application.accounts.update_user import UserChanges
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.accounts.email import Email
from doorward.domain.errors import (
    InvalidCredentials,
    InvalidEmail,
    InvalidLink,
    PasswordRefused,
    PasswordTooShort,
    TooManyAttempts,
)
from doorward.domain.letters.letter import LIFE, SLOT_SECONDS, LetterKind
from doorward.domain.letters.link_token import RESET_LIFE
from doorward.testing.builders import BLOCKED, OTHER_PASSWORD, PASSWORD, a_principal, email_of
from doorward.testing.doubles import PlainLinkTokens
from doorward.testing.storage_access import sessions_of
from support.house import House


async def reset_token(house: House, email: str = "ada@example.org") -> str:
    """Ask for a letter to this address, send it, and return its token."""
    await house.request_reset(email, "en", house.clock.now())
    await house.send_letters()
    house.clock.move(SLOT_SECONDS)
    token = house.mailer.sent[-1].token
    assert token is not None
    return token


async def reset(house: House, token: str, new: str = OTHER_PASSWORD) -> None:
    await house.reset_password(token, new, "de", house.clock.now())


@pytest.mark.parametrize("email", ["ada@example.org", "eve@example.org", "off@example.org"])
async def test_every_address_leads_to_the_same_work(email: str) -> None:
    """RS-01: the request reads no account, and stores one letter for a known, an unknown and a disabled one."""
    house = House()
    await house.with_user("ada")
    await house.with_user("off", disabled=True)
    before = house.database.tables
    await house.request_reset(email, "en", house.clock.now())
    after = house.database.tables
    (letter,) = after.letters.values()
    assert (letter.recipient, letter.user_id) == (email, None)
    assert (after.users, after.link_tokens) == (before.users, before.link_tokens)
    assert [event for event, _ in house.log.events] == [SecurityEvent.PASSWORD_RESET_REQUESTED]
    assert house.hasher.work == 0


@pytest.mark.parametrize("email", ["eve@example.org", "off@example.org"])
async def test_no_letter_goes_to_an_unknown_address_or_a_disabled_account(email: str) -> None:
    """RS-01."""
    house = House()
    await house.with_user("off", disabled=True)
    await house.request_reset(email, "en", house.clock.now())
    await house.send_letters()
    assert house.mailer.attempts == 0
    assert house.database.tables.letters == {}


async def test_what_is_no_address_is_refused() -> None:
    house = House()
    for text in ("ada", "", "ada@example.org\nBcc: eve@example.org", "ada@localhost"):
        with pytest.raises(InvalidEmail):
            await house.request_reset(text, "en", house.clock.now())


async def test_the_letter_goes_to_the_address_as_the_account_has_it() -> None:
    house = House()
    await house.with_user("ada")
    await reset_token(house, "ADA@EXAMPLE.ORG")
    (contents,) = house.mailer.sent
    assert (contents.recipient, contents.kind) == ("ada@example.org", LetterKind.PASSWORD_RESET)
    assert contents.token_minutes == 30


async def test_an_address_gets_one_letter_a_minute() -> None:
    """RS-06."""
    house = House()
    await house.with_user("ada")
    for _ in range(5):
        await house.request_reset("ada@example.org", "en", house.clock.now())
        await house.request_reset("Ada@Example.org", "en", house.clock.now())
    await house.send_letters()
    assert house.mailer.attempts == 1
    house.clock.move(SLOT_SECONDS)
    await house.request_reset("ada@example.org", "en", house.clock.now())
    await house.send_letters()
    assert house.mailer.attempts == 2


async def test_a_reset_sets_the_password_ends_every_session_and_signs_nobody_in() -> None:
    """RS-05."""
    house = House()
    ada = await house.with_user("ada")
    await house.signed_in("ada")
    await reset(house, await reset_token(house))
    assert await sessions_of(house.storage, ada) == []
    assert (await house.stored(ada.id)).epoch == ada.epoch + 1
    with pytest.raises(InvalidCredentials):
        await house.authenticate("ada", PASSWORD, house.clock.now())
    await house.authenticate("ada", OTHER_PASSWORD, house.clock.now())
    (line,) = house.log.of(SecurityEvent.AUTHN_PASSWORD_CHANGE)
    assert line == {"user_id": str(ada.id), "by": "password_reset", "ended": 1}


async def test_a_reset_forgets_the_attempts_that_were_counted() -> None:
    """SI-05: so that the holder signs in at once, by username or email."""
    house = House()
    await house.with_user("ada")
    for login in ("ada", "ada@example.org"):
        for _ in range(4):
            with suppress(TooManyAttempts, InvalidCredentials):
                await house.authenticate(login, "wrong", house.clock.now())
    token = await reset_token(house)
    for login in ("ada", "ada@example.org"):
        for _ in range(4):
            with suppress(TooManyAttempts, InvalidCredentials):
                await house.authenticate(login, "wrong", house.clock.now())
    await reset(house, token)
    await house.authenticate("ada", OTHER_PASSWORD, house.clock.now())
    await house.authenticate("ada@example.org", OTHER_PASSWORD, house.clock.now())


async def test_the_owner_is_told_by_letter_in_the_language_of_the_request() -> None:
    """RS-05."""
    house = House()
    await house.with_user("ada")
    await reset(house, await reset_token(house))
    await house.send_letters()
    told = house.mailer.sent[-1]
    assert (told.kind, told.recipient, told.language) == (LetterKind.PASSWORD_CHANGED, "ada@example.org", "de")


@pytest.mark.parametrize(("way", "language"), [("by its holder", "pt"), ("by the operator", "en")])
async def test_the_owner_is_told_of_a_password_that_was_changed_in_another_way(way: str, language: str) -> None:
    """PW-01: and of no change that was refused."""
    house = House()
    signed_in = await house.newly_signed_in()
    by = a_principal(signed_in.user, signed_in.session)
    with pytest.raises(PasswordTooShort):
        await house.change_password(by, PASSWORD, "short", house.clock.now())
    if way == "by its holder":
        await house.change_password(by, PASSWORD, OTHER_PASSWORD, house.clock.now(), "pt")
    else:
        await house.set_password(signed_in.user.id, OTHER_PASSWORD, house.clock.now(), by=OPERATOR)
    assert await house.send_letters() == 1
    (told,) = house.mailer.sent
    assert (told.kind, told.recipient, told.language) == (LetterKind.PASSWORD_CHANGED, "ada@example.org", language)


async def test_a_token_is_used_once() -> None:
    """RS-02."""
    house = House()
    await house.with_user("ada")
    token = await reset_token(house)
    await reset(house, token)
    with pytest.raises(InvalidLink):
        await reset(house, token, PASSWORD)
    await house.authenticate("ada", OTHER_PASSWORD, house.clock.now())


async def test_of_fifty_who_use_one_token_at_once_one_succeeds() -> None:
    """RS-03."""
    house = House()
    await house.with_user("ada")
    token = await reset_token(house)
    attempts = (reset(house, token, f"{OTHER_PASSWORD} {number}") for number in range(50))
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidLink"] * 49 + ["NoneType"]


async def test_a_token_is_valid_for_half_an_hour_from_the_moment_it_is_sent() -> None:
    """RS-02."""
    house = House()
    await house.with_user("ada")
    await house.request_reset("ada@example.org", "en", house.clock.now())
    house.clock.move(3600)
    await house.send_letters()
    token = house.mailer.sent[-1].token
    assert token is not None
    house.clock.move(RESET_LIFE.total_seconds() - 1)
    with pytest.raises(PasswordTooShort):
        await reset(house, token, "short")
    house.clock.move(1)
    with pytest.raises(InvalidLink):
        await reset(house, token)


async def test_the_newest_token_replaces_the_older_one() -> None:
    """RS-02."""
    house = House()
    await house.with_user("ada")
    first = await reset_token(house)
    second = await reset_token(house)
    with pytest.raises(InvalidLink):
        await reset(house, first)
    await reset(house, second)


@pytest.mark.parametrize("refused", ["short", BLOCKED, "ada@example.org ada", "x" * 300])
async def test_a_password_that_breaks_a_rule_does_not_use_up_the_token(refused: str) -> None:
    """RS-06, SU-01."""
    house = House()
    ada = await house.with_user("ada")
    token = await reset_token(house)
    with pytest.raises(PasswordRefused):
        await reset(house, token, refused)
    assert (await house.stored(ada.id)).password_hash == ada.password_hash
    await reset(house, token)


async def test_a_token_is_void_when_the_account_has_another_address_or_is_disabled() -> None:
    """RS-02."""
    house = House()
    for change in ("email", "disabled"):
        user = await house.with_user(f"user-{change}")
        token = await reset_token(house, email_of(user).value)
        changed = user.with_email(Email.parse("new@example.org")) if change == "email" else user.disabled_now()
        async with house.storage.transaction() as tx:
            await tx.users.save(changed)
        with pytest.raises(InvalidLink):
            await reset(house, token)


@pytest.mark.parametrize("way", ["by its holder", "by the operator"])
async def test_a_token_is_void_when_the_password_was_changed_in_another_way(way: str) -> None:
    """RS-02."""
    house = House()
    ada = await house.with_user("ada")
    signed_in = await house.signed_in("ada")
    token = await reset_token(house)
    if way == "by its holder":
        await house.change_password(a_principal(ada, signed_in.session), PASSWORD, OTHER_PASSWORD, house.clock.now())
    else:
        await house.set_password(ada.id, OTHER_PASSWORD, house.clock.now(), by=OPERATOR)
    with pytest.raises(InvalidLink):
        await reset(house, token, "another quiet meadow")
    await house.authenticate("ada", OTHER_PASSWORD, house.clock.now())


async def test_a_token_stays_void_when_the_account_gets_its_old_address_back() -> None:
    """RS-02."""
    house = House()
    ada = await house.with_user("ada")
    token = await reset_token(house)
    for address in ("new@example.org", "ada@example.org"):
        changes = UserChanges(email=Email.parse(address))
        await house.update(ada.id, changes, by=OPERATOR)
    with pytest.raises(InvalidLink):
        await reset(house, token)


async def test_a_token_that_is_void_by_the_time_its_password_is_hashed_sets_nothing() -> None:
    house = House()
    ada = await house.with_user("ada")
    token = await reset_token(house)
    hash_plainly = house.hasher.hash

    class Interrupted:
        async def hash(self, password: object) -> object:
            async with house.storage.transaction() as tx:
                await tx.users.save(ada.disabled_now())
            return await hash_plainly(password)  # type: ignore[arg-type]

    with pytest.raises(InvalidLink):
        await replace(house.reset_password, hasher=Interrupted())(token, OTHER_PASSWORD, "en", house.clock.now())  # type: ignore[arg-type]
    assert (await house.stored(ada.id)).password_hash == ada.password_hash


@pytest.mark.parametrize("token", ["", "link-99", "nothing", "\ud800", "é" * 43])
async def test_an_unknown_token_is_refused_without_hashing(token: str) -> None:
    house = House()
    await house.with_user("ada")
    hashed = house.hasher.hashed
    with pytest.raises(InvalidLink) as refused:
        await reset(house, token)
    assert house.hasher.hashed == hashed
    assert str(refused.value) == "This link is not valid any more. Ask for a new one."
    assert [line["reason"] for line in house.log.of(SecurityEvent.PASSWORD_RESET_FAIL)] == ["invalid_link"]


async def test_nothing_changes_for_the_account_until_the_link_is_used() -> None:
    """RS-06."""
    house = House()
    ada = await house.with_user("ada")
    await house.signed_in("ada")
    await reset_token(house)
    assert await house.stored(ada.id) == ada
    assert len(await sessions_of(house.storage, ada)) == 1
    await house.authenticate("ada", PASSWORD, house.clock.now())


async def test_no_token_is_stored_or_logged() -> None:
    """RS-02, LG-03."""
    house = House(link_tokens=PlainLinkTokens(issued=70_000))
    await house.with_user("ada")
    token = await reset_token(house)
    tables = house.database.tables
    assert token not in str([astuple(letter) for letter in tables.letters.values()])
    assert token not in str([astuple(stored) for stored in tables.link_tokens.values()])
    assert token not in repr(house.log.events)
    assert token not in repr(house.mailer.sent)


async def test_a_letter_that_is_repeated_has_a_token_that_works() -> None:
    house = House()
    await house.with_user("ada")
    await house.request_reset("ada@example.org", "en", house.clock.now())
    house.mailer.failure = ZeroDivisionError()
    await house.send_letters()
    house.mailer.failure = None
    house.clock.move(LIFE.total_seconds() / 2)
    await house.send_letters()
    token = house.mailer.sent[-1].token
    assert token == "link-2"
    with pytest.raises(InvalidLink):
        await reset(house, "link-1")
    await reset(house, token)
