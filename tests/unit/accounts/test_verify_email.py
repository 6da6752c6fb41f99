"""An email address is verified: at sign-up, by a letter, and by a new password."""

import asyncio
from dataclasses import replace

import pytest

from doorward.application.accounts.update_user import UserChanges
from doorward.application.accounts.vouch_for_email import VouchForEmail
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.decision import any_of
from doorward.domain.access.role import ADMIN
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.email_verification import EmailVerification
from doorward.domain.accounts.user import User
from doorward.domain.errors import (
    AccountDisabled,
    AddressMissing,
    EmailAlreadyVerified,
    EmailNotVerified,
    EmailTaken,
    InvalidCredentials,
    InvalidEmail,
    InvalidLink,
    UsernameTaken,
    WrongPassword,
)
from doorward.domain.letters.letter import SLOT_SECONDS, LetterKind
from doorward.domain.letters.link_token import VERIFICATION_LIFE
from doorward.testing.builders import OTHER_PASSWORD, PASSWORD, a_principal, a_user
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put, sessions_of
from support.house import House

ADA = "ada@example.org"
REQUIRED, OPTIONAL = EmailVerification.REQUIRED, EmailVerification.OPTIONAL


async def signed_up(house: House, name: str = "ada") -> User:
    user_id = await house.register(name, f"{name}@example.org", PASSWORD, house.clock.now(), language="fr")
    assert user_id is not None
    return await house.stored(user_id)


async def token_sent(house: House) -> str:
    """Send what is due, and return the token of the last letter."""
    await house.send_letters()
    house.clock.move(SLOT_SECONDS)
    token = house.mailer.sent[-1].token
    assert token is not None
    return token


async def token_for(house: House, email: str = ADA) -> str:
    await house.request_verification(email, "en", house.clock.now())
    return await token_sent(house)


async def verify(house: House, token: str) -> None:
    await house.verify_email(token, house.clock.now())


async def test_the_letter_of_a_sign_up_verifies_the_address() -> None:
    """VF-01: in the language of the request, and for a day."""
    house = House(verification=OPTIONAL)
    ada = await signed_up(house)
    assert not ada.email_verified
    token = await token_sent(house)
    (letter,) = house.mailer.sent
    assert (letter.kind, letter.recipient, letter.language, letter.token_minutes) == (
        LetterKind.EMAIL_VERIFICATION,
        ADA,
        "fr",
        24 * 60,
    )
    verified_at = house.clock.now()
    await verify(house, token)
    assert await house.stored(ada.id) == replace(ada, email_verified_at=verified_at, version=ada.version + 1)
    assert house.log.of(SecurityEvent.EMAIL_VERIFIED) == [{"user_id": str(ada.id), "by": "email_verification"}]


async def test_no_letter_is_written_at_sign_up_while_verification_is_off() -> None:
    house = House()
    await signed_up(house)
    assert house.database.tables.letters == {}


@pytest.mark.parametrize("email", [ADA, "eve@example.org", "off@example.org", "vera@example.org"])
async def test_every_address_leads_to_the_same_work(email: str) -> None:
    """RS-01: the request reads no account, and stores one letter for an unverified, an unknown, a disabled and a
    verified address."""
    house = House()
    await house.with_user("ada")
    await house.with_user("off", disabled=True)
    await put(house.storage, a_user("vera").verified(NOON))
    await house.request_verification(email, "en", house.clock.now())
    (letter,) = house.database.tables.letters.values()
    assert (letter.recipient, letter.user_id) == (email, None)
    assert [event for event, _ in house.log.events] == [SecurityEvent.EMAIL_VERIFICATION_REQUESTED]
    await house.send_letters()
    assert house.mailer.attempts == (email == ADA)


async def test_what_is_no_address_is_refused() -> None:
    house = House()
    with pytest.raises(InvalidEmail):
        await house.request_verification("ada", "en", house.clock.now())


async def test_an_address_gets_one_letter_a_minute_also_after_sign_up() -> None:
    """RS-06."""
    house = House(verification=OPTIONAL)
    await signed_up(house)
    for _ in range(3):
        await house.request_verification(ADA, "en", house.clock.now())
    assert await house.send_letters() == 1
    house.clock.move(SLOT_SECONDS)
    await house.request_verification(ADA, "en", house.clock.now())
    assert await house.send_letters() == 1


async def test_a_token_is_valid_for_a_day() -> None:
    """VF-01."""
    house = House()
    ada = await house.with_user("ada")
    token = await token_for(house)
    house.clock.move(VERIFICATION_LIFE.total_seconds() - SLOT_SECONDS - 1)
    last_moment, too_late = house.clock.now(), 1
    house.clock.move(too_late)
    with pytest.raises(InvalidLink):
        await verify(house, token)
    await house.verify_email(token, last_moment)
    assert (await house.stored(ada.id)).email_verified_at == last_moment


async def test_a_token_is_used_once_and_replaces_the_one_before() -> None:
    """VF-01."""
    house = House()
    ada = await house.with_user("ada")
    first, second = await token_for(house), await token_for(house)
    with pytest.raises(InvalidLink):
        await verify(house, first)
    await verify(house, second)
    verified = await house.stored(ada.id)
    with pytest.raises(InvalidLink):
        await verify(house, second)
    assert await house.stored(ada.id) == verified


async def test_of_fifty_who_use_one_token_at_once_one_succeeds() -> None:
    """VF-01, RS-03."""
    house = House()
    await house.with_user("ada")
    token = await token_for(house)
    outcomes = await asyncio.gather(*(verify(house, token) for _ in range(50)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidLink"] * 49 + ["NoneType"]


async def test_an_address_that_is_verified_already_keeps_its_time() -> None:
    """VF-01: verifying twice changes nothing."""
    house = House()
    ada = await house.with_user("ada")
    token = await token_for(house)
    await VouchForEmail(house.storage, house.log)(ada.id, OPERATOR, NOON)
    verified = await house.stored(ada.id)
    await verify(house, token)
    await VouchForEmail(house.storage, house.log)(ada.id, OPERATOR, house.clock.now())
    assert await house.stored(ada.id) == verified


async def test_a_token_is_bound_to_its_purpose() -> None:
    """VF-01: the link of a forgotten password verifies nothing by itself, and that of a verification sets none."""
    house = House()
    ada = await house.with_user("ada")
    verification = await token_for(house)
    await house.request_reset(ADA, "en", house.clock.now())
    reset = await token_sent(house)
    with pytest.raises(InvalidLink):
        await verify(house, reset)
    with pytest.raises(InvalidLink):
        await house.reset_password(verification, OTHER_PASSWORD, "en", house.clock.now())
    assert await house.stored(ada.id) == ada
    assert [line["purpose"] for line in house.log.of(SecurityEvent.LINK_REFUSED)] == ["email_verification"]


@pytest.mark.parametrize("change", ["email", "disabled"])
async def test_a_token_is_void_when_the_account_has_another_address_or_is_disabled(change: str) -> None:
    """VF-01."""
    house = House()
    ada = await house.with_user("ada")
    token = await token_for(house)
    new = Email.parse("new@example.org")
    changes = UserChanges(email=new) if change == "email" else UserChanges(disabled=True)
    await house.update(ada.id, changes, by=OPERATOR)
    with pytest.raises(InvalidLink):
        await verify(house, token)
    assert not (await house.stored(ada.id)).email_verified


async def test_another_address_is_not_verified_and_another_spelling_is() -> None:
    """VF-01."""
    ada = a_user("ada").verified(NOON)
    assert ada.with_email(Email.parse("ADA@example.org")).email_verified
    assert not ada.with_email(Email.parse("new@example.org")).email_verified


@pytest.mark.parametrize("token", ["", "link-99", "nothing", "\ud800"])
async def test_an_unknown_token_is_refused_and_writes_nothing(token: str) -> None:
    house = House()
    await house.with_user("ada")
    before = house.database.tables
    with pytest.raises(InvalidLink):
        await verify(house, token)
    assert house.database.tables is before


async def test_whoever_signed_up_with_the_address_of_somebody_else_keeps_nothing_when_its_owner_comes() -> None:
    """VF-03: the owner's new password ends the password, the sessions and the links that were there before, and
    verifies the address."""
    house = House(verification=OPTIONAL)
    squatted = await signed_up(house)
    old_link = await token_sent(house)
    await house.signed_in("ada")
    await house.request_reset(ADA, "en", house.clock.now())
    await house.reset_password(await token_sent(house), OTHER_PASSWORD, "en", house.clock.now())
    owned = await house.stored(squatted.id)
    assert owned.email_verified
    assert owned.epoch == squatted.epoch + 1
    assert await sessions_of(house.storage, owned) == []
    assert house.database.tables.link_tokens == {}
    with pytest.raises(InvalidLink):
        await verify(house, old_link)
    with pytest.raises(InvalidCredentials):
        await house.signed_in("ada")
    await house.authenticate("ada", OTHER_PASSWORD, house.clock.now())


async def test_where_it_is_required_an_account_signs_in_when_its_address_is_verified() -> None:
    """VF-01: the right password is told so, and nothing else is."""
    house = House(verification=REQUIRED)
    ada = await signed_up(house)
    with pytest.raises(EmailNotVerified):
        await house.signed_in("ada")
    assert await sessions_of(house.storage, ada) == []
    with pytest.raises(WrongPassword):
        await house.authenticate("ada", "wrong", house.clock.now())
    assert [line["reason"] for line in house.log.of(SecurityEvent.AUTHN_LOGIN_FAIL)] == [
        "email_not_verified",
        "wrong_password",
    ]
    await verify(house, await token_sent(house))
    await house.signed_in("ada")


async def test_a_disabled_account_hears_nothing_of_its_address() -> None:
    """SI-01."""
    house = House(verification=REQUIRED)
    await house.with_user("ada", disabled=True)
    with pytest.raises(WrongPassword):
        await house.signed_in("ada")


async def test_the_right_password_clears_the_counted_attempts_although_nobody_is_signed_in() -> None:
    """SI-05."""
    house = House(verification=REQUIRED)
    await house.with_user("ada")
    for _ in range(9):
        with pytest.raises(EmailNotVerified):
            await house.signed_in("ada")


@pytest.mark.parametrize("verification", [EmailVerification.OFF, OPTIONAL])
async def test_where_it_is_not_required_an_address_in_use_is_refused(verification: EmailVerification) -> None:
    house = House(verification=verification)
    await house.with_user("ada")
    with pytest.raises(EmailTaken):
        await house.register("eve", ADA, OTHER_PASSWORD, house.clock.now())
    assert house.database.tables.letters == {}


async def test_where_it_is_required_nobody_learns_that_an_address_is_in_use_but_its_owner() -> None:
    """SU-20: one password is hashed and one letter is stored for a free address as for one in use."""
    house = House(verification=REQUIRED)
    ada = await house.with_user("ada")
    work, letters = [], []
    for name, email in (("eve", "ADA@example.org"), ("grace", "grace@example.org")):
        before, hashed = house.database.tables, house.hasher.hashed
        user_id = await house.register(name, email, OTHER_PASSWORD, house.clock.now())
        after = house.database.tables
        (letter,) = after.letters.keys() - before.letters.keys()
        letters.append(after.letters[letter])
        work.append(house.hasher.hashed - hashed)
        assert (len(after.users) - len(before.users), user_id is None) == ((0, True) if name == "eve" else (1, False))
    assert work == [1, 1]
    assert [letter.user_id for letter in letters] == [None, None]
    assert await house.stored(ada.id) == ada
    await house.send_letters()
    (told,) = [letter for letter in house.mailer.sent if letter.recipient == ADA]
    assert (told.kind, told.username, told.token) == (LetterKind.EMAIL_IN_USE, "ada", None)
    (line,) = house.log.of(SecurityEvent.SIGN_UP_FAIL)
    assert line["reason"] == "email_in_use"


async def test_a_username_in_use_is_refused_in_any_case() -> None:
    """SU-20: usernames are public."""
    house = House(verification=REQUIRED)
    await house.with_user("ada")
    for email in (ADA, "new@example.org"):
        with pytest.raises(UsernameTaken):
            await house.register("ada", email, OTHER_PASSWORD, house.clock.now())


async def test_the_operator_vouches_for_the_address_of_an_account_that_they_create() -> None:
    """SU-19: the first admin signs in before there is a mail server."""
    house = House(verification=REQUIRED)
    await house.create("root", "root@example.org", PASSWORD, house.clock.now(), by=OPERATOR, roles=[ADMIN])
    assert house.database.tables.letters == {}
    await house.signed_in("root")


async def test_the_address_that_an_admin_gives_is_verified_by_a_letter() -> None:
    """VF-01: also a second time, if the admin asks for it."""
    house = House(verification=REQUIRED)
    root = await house.with_user("root", ADMIN)
    await VouchForEmail(house.storage, house.log)(root.id, OPERATOR, NOON)
    signed_in = await house.signed_in("root")
    by = a_principal(signed_in.user, signed_in.session, any_of(ADMIN))
    ada = await house.create("ada", ADA, PASSWORD, house.clock.now(), by=by)
    first = await token_sent(house)
    await house.resend_verification(ada.id, by, house.clock.now())
    second = await token_sent(house)
    assert [letter.language for letter in house.mailer.sent] == ["en", "en"]
    with pytest.raises(InvalidLink):
        await verify(house, first)
    await verify(house, second)
    with pytest.raises(EmailAlreadyVerified):
        await house.resend_verification(ada.id, by, house.clock.now())


async def test_an_account_that_could_not_use_the_link_gets_no_letter() -> None:
    """VF-01: as with the letter for a new password."""
    house = House(verification=REQUIRED)
    disabled = await house.with_user("ada", disabled=True)
    unreachable = replace(a_user("bob"), email=None)
    await put(house.storage, unreachable)
    for user, refusal in ((disabled, AccountDisabled), (unreachable, AddressMissing)):
        with pytest.raises(refusal):
            await house.resend_verification(user.id, OPERATOR, NOON)
    assert house.database.tables.letters == {}


async def test_nobody_vouches_for_an_address_that_an_account_does_not_have() -> None:
    house = House()
    unreachable = replace(a_user("bob"), email=None)
    await put(house.storage, unreachable)
    with pytest.raises(AddressMissing):
        await VouchForEmail(house.storage, house.log)(unreachable.id, OPERATOR, NOON)
    assert not (await house.stored(unreachable.id)).email_verified


async def test_a_code_to_sign_in_is_sent_when_the_address_is_verified() -> None:
    """VF-01: before that the owner of an address would sign in to an account that somebody else made with it."""
    house = House(verification=OPTIONAL)
    await house.with_user("ada")
    for kind in (LetterKind.EMAIL_VERIFICATION, LetterKind.SIGN_IN_CODE):
        await house.request_code(ADA, "en", house.clock.now())
        await house.send_letters()
        house.clock.move(SLOT_SECONDS)
        sent = house.mailer.sent[-1]
        assert (sent.kind, sent.code is None) == (kind, kind is LetterKind.EMAIL_VERIFICATION)
        if sent.token is not None:
            await verify(house, sent.token)


async def test_an_account_that_was_adopted_without_an_address_signs_in_to_get_one() -> None:
    """VF-01, VF-02."""
    house = House(verification=REQUIRED)
    ada = replace(a_user("ada"), email=None)
    await put(house.storage, ada)
    by = a_principal(ada, (await house.signed_in("ada")).session)
    await house.request_email_change(by, ADA, PASSWORD, house.clock.now(), "en")
    await house.confirm_email_change(await token_sent(house), "en", house.clock.now())
    given = await house.stored(ada.id)
    assert (given.address, given.email_verified) == (ADA, True)
    assert await house.send_letters() == 0
