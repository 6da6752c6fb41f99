"""Codes of letters, as unit tests order and try them."""

import pytest

from doorward.domain.errors import InvalidCode
from doorward.domain.letters.letter import SLOT_SECONDS
from support.house import House

ADDRESS = "ada@example.org"


async def ordered_code(house: House, email: str = ADDRESS) -> str:
    """Ask for a letter to this address, send it, and return its code."""
    await house.request_code(email, "en", house.clock.now())
    await house.send_letters()
    house.clock.move(SLOT_SECONDS)
    code = house.mailer.sent[-1].code
    assert code is not None
    return code


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08}"


async def refused(house: House, code: str, email: str = ADDRESS) -> str:
    """The text of the refusal. Wait first until an attempt is allowed."""
    house.clock.move(10)
    with pytest.raises(InvalidCode) as refusal:
        await house.sign_in_by_code(email, code, house.clock.now())
    return f"{refusal.value.code}: {refusal.value}"
