"""Administrators start the reset of a password for somebody, and see neither link nor password."""

from dataclasses import replace

import pytest

from doorward.application.accounts.start_password_reset import StartPasswordReset
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.errors import AccountDisabled, AccountMissing, AddressMissing
from doorward.testing.builders import OTHER_PASSWORD, PASSWORD, a_user
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put
from support.house import House


async def test_the_holder_gets_the_letter_and_chooses_a_password() -> None:
    """RS-01, LG-01: nothing changes before, and the log says who started it."""
    house = House()
    ada = await house.with_user("ada")
    await StartPasswordReset(house.storage, house.log)(ada.id, OPERATOR, NOON)
    await house.authenticate("ada", PASSWORD, NOON)
    assert await house.send_letters() == 1
    (letter,) = house.mailer.sent
    assert letter.recipient == "ada@example.org"
    await house.reset_password(str(letter.token), OTHER_PASSWORD, "en", NOON)
    await house.authenticate("ada", OTHER_PASSWORD, NOON)
    (line,) = house.log.of(SecurityEvent.PASSWORD_RESET_REQUESTED)
    assert (line["user_id"], line["by"]) == (str(ada.id), "operator")
    assert str(letter.token) not in str(house.log.events)


async def test_an_account_gets_one_such_letter_a_minute() -> None:
    """RS-06."""
    house = House()
    ada = await house.with_user("ada")
    for _ in range(3):
        await StartPasswordReset(house.storage, house.log)(ada.id, OPERATOR, NOON)
    assert await house.send_letters() == 1


async def test_an_account_that_could_not_use_the_link_is_refused() -> None:
    house = House()
    start = StartPasswordReset(house.storage, house.log)
    disabled = await house.with_user("ada", disabled=True)
    unreachable, gone = replace(a_user("bob"), email=None), replace(a_user("eve"), deleted_at=NOON)
    await put(house.storage, unreachable, gone)
    for user, refusal in ((disabled, AccountDisabled), (unreachable, AddressMissing), (gone, AccountMissing)):
        with pytest.raises(refusal):
            await start(user.id, OPERATOR, NOON)
    assert await house.send_letters() == 0
