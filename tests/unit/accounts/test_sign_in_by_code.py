"""Sign-in by a code: the request, the letter, and the session."""

from dataclasses import replace

import pytest

from doorward.application.accounts.update_user import UpdateUser, UserChanges
from doorward.application.letters.prune_letters import PruneLetters
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.accounts.sign_in_code import CODE_LIFE
from doorward.domain.errors import InvalidCode, InvalidEmail
from doorward.domain.letters.letter import SLOT_SECONDS, LetterKind
from doorward.domain.sessions.origin import Origin
from doorward.domain.sessions.session import Device
from doorward.infrastructure.security.sign_in_codes import KeyedSignInCodes
from doorward.testing.builders import OTHER_PASSWORD, SECRET, SIGN_IN_CODES, a_user, email_of
from doorward.testing.storage_access import sessions_of
from support.house import House
from support.sign_in_codes import ADDRESS, ordered_code, other_than, refused


async def test_the_code_of_a_letter_opens_a_session_as_a_password_does() -> None:
    """SI-10."""
    house = House()
    ada = await house.with_user("ada")
    code = await ordered_code(house)
    origin = Origin(device=Device("192.0.2.7", "curl/8"))
    signed_in = await house.sign_in_by_code(ADDRESS, code, house.clock.now(), origin)
    assert signed_in.user == ada
    assert signed_in.session.device == origin.device
    assert await sessions_of(house.storage, ada) == [signed_in.session.id]
    (line,) = house.log.of(SecurityEvent.AUTHN_LOGIN_SUCCESS)
    assert line == {"user_id": str(ada.id), "session_id": str(signed_in.session.id), "factor": "email_code"}


async def test_a_code_has_eight_digits_and_may_be_typed_with_blanks() -> None:
    house = House()
    await house.with_user("ada")
    code = await ordered_code(house)
    assert len(code) == 8
    assert code.isdecimal()
    assert code.isascii()
    await house.sign_in_by_code(" ADA@Example.org ", f" {code[:4]} {code[4:]}\n", house.clock.now())


@pytest.mark.parametrize("email", [ADDRESS, "eve@example.org", "off@example.org"])
async def test_every_address_leads_to_the_same_work(email: str) -> None:
    """RS-01: the request reads no account, and stores one letter for a known, an unknown and a disabled one."""
    house = House()
    await house.with_user("ada")
    await house.with_user("off", disabled=True)
    before = house.database.tables
    await house.request_code(email, "en", house.clock.now())
    after = house.database.tables
    (letter,) = after.letters.values()
    assert (letter.kind, letter.recipient, letter.user_id) == (LetterKind.SIGN_IN_CODE, email, None)
    assert (after.users, after.sign_in_codes) == (before.users, {})
    assert [event for event, _ in house.log.events] == [SecurityEvent.SIGN_IN_CODE_REQUESTED]


@pytest.mark.parametrize("email", ["eve@example.org", "off@example.org"])
async def test_no_letter_goes_to_an_unknown_address_or_a_disabled_account(email: str) -> None:
    """RS-01."""
    house = House()
    await house.with_user("off", disabled=True)
    await house.request_code(email, "en", house.clock.now())
    await house.send_letters()
    assert house.mailer.attempts == 0
    assert not house.database.tables.letters
    assert not house.database.tables.sign_in_codes


async def test_the_letter_goes_to_the_address_as_the_account_has_it_once_a_minute() -> None:
    """RS-06."""
    house = House()
    await house.with_user("ada")
    for email in ("ADA@EXAMPLE.ORG", ADDRESS):
        await house.request_code(email, "fr", house.clock.now())
    await house.send_letters()
    (contents,) = house.mailer.sent
    assert (contents.recipient, contents.language, contents.token_minutes) == (ADDRESS, "fr", 10)


async def test_what_is_no_address_is_refused() -> None:
    house = House()
    for text in ("ada", "", "ada@example.org\nBcc: eve@example.org"):
        with pytest.raises(InvalidEmail):
            await house.request_code(text, "en", house.clock.now())
        with pytest.raises(InvalidEmail):
            await house.sign_in_by_code(text, "12345678", house.clock.now())


async def test_every_failure_has_the_same_code_and_text() -> None:
    """SI-01: a wrong code, no code, an unknown address, a disabled account, and what is no code at all."""
    house = House()
    await house.with_user("ada")
    await house.with_user("grace")
    off = await house.with_user("off")
    code = await ordered_code(house)
    disabled_code = await ordered_code(house, email_of(off).value)
    async with house.storage.transaction() as tx:
        await tx.users.save(off.disabled_now())
    refusals = {
        await refused(house, other_than(code)),
        await refused(house, ""),
        await refused(house, "\ud800\0" * 9),
        await refused(house, code, "grace@example.org"),
        await refused(house, code, "eve@example.org"),
        await refused(house, disabled_code, email_of(off).value),
    }
    assert refusals == {"invalid_code: This code is not valid. Ask for a new one if it does not work."}
    assert [line["reason"] for line in house.log.of(SecurityEvent.AUTHN_LOGIN_FAIL)] == [
        *("wrong_code", "wrong_code", "wrong_code", "no_valid_code", "unknown_account", "account_disabled")
    ]
    assert code not in repr(house.log.events)


async def test_the_newest_code_replaces_the_older_one() -> None:
    """RS-02."""
    house = House()
    await house.with_user("ada")
    old = await ordered_code(house)
    new = await ordered_code(house)
    if old != new:
        await refused(house, old)
    await house.sign_in_by_code(ADDRESS, new, house.clock.now())


async def test_a_code_is_valid_for_ten_minutes_after_its_letter_was_sent() -> None:
    house = House()
    await house.with_user("ada")
    life = CODE_LIFE.total_seconds()
    code = await ordered_code(house)
    house.clock.move(life - SLOT_SECONDS - 1)
    await house.sign_in_by_code(ADDRESS, code, house.clock.now())
    code = await ordered_code(house)
    house.clock.move(life - SLOT_SECONDS)
    with pytest.raises(InvalidCode):
        await house.sign_in_by_code(ADDRESS, code, house.clock.now())


async def test_another_address_or_password_voids_the_code() -> None:
    """VF-01: a code is bound to the address to which it went."""
    house = House()
    signed_in = await house.newly_signed_in()
    code = await ordered_code(house)
    changes = UserChanges(email=Email.parse("lovelace@example.org"))
    await UpdateUser(house.storage, house.log, house.clock)(signed_in.user.id, changes, by=OPERATOR)
    await refused(house, code, "lovelace@example.org")
    await refused(house, code)
    code = await ordered_code(house, "lovelace@example.org")
    await house.set_password(signed_in.user.id, OTHER_PASSWORD, house.clock.now(), by=OPERATOR)
    await refused(house, code, "lovelace@example.org")


async def test_expired_codes_are_pruned_with_the_letters() -> None:
    house = House()
    await house.with_user("ada")
    await ordered_code(house)
    house.clock.move(CODE_LIFE.total_seconds())
    await PruneLetters(house.storage)(house.clock.now())
    assert house.database.tables.sign_in_codes == {}


def test_a_code_is_stored_as_a_keyed_hash_of_one_account_address_and_password() -> None:
    """LG-03: and neither the hash nor a code is in a repr."""
    ada = a_user("ada")
    code, stored = SIGN_IN_CODES.generate(ada)
    assert SIGN_IN_CODES.matches(code, ada, stored)
    assert not SIGN_IN_CODES.matches(other_than(code), ada, stored)
    assert not SIGN_IN_CODES.matches(code, a_user("ada"), stored)
    assert not SIGN_IN_CODES.matches(code, replace(ada, email=a_user("eve").email), stored)
    assert not SIGN_IN_CODES.matches(code, replace(ada, password_hash=PasswordHash("$plain$1$other")), stored)
    assert not SIGN_IN_CODES.matches(code, None, stored)
    assert not SIGN_IN_CODES.matches(code, ada, None)
    elsewhere = KeyedSignInCodes(replace(SECRET, value=b"another secret"))
    assert not elsewhere.matches(code, ada, stored)


def test_a_code_outlasts_a_change_of_the_master_secret() -> None:
    ada = a_user("ada")
    code, stored = SIGN_IN_CODES.generate(ada)
    after = KeyedSignInCodes(replace(SECRET, value=b"the new secret of the tests", previous=SECRET))
    assert after.matches(code, ada, stored)
    assert not after.matches(other_than(code), ada, stored)
