"""DOORWARD_SIGN_UP: who may get an account."""

from dataclasses import replace

import pytest

from doorward.domain.access.actor import OPERATOR
from doorward.domain.accounts.sign_up import SignUp
from doorward.domain.errors import DomainError, SignUpByInvitation, SignUpClosed
from doorward.testing.builders import PASSWORD
from support.house import House


@pytest.mark.parametrize(("sign_up", "refusal"), [(SignUp.INVITED, SignUpByInvitation), (SignUp.CLOSED, SignUpClosed)])
async def test_who_may_not_sign_up_is_refused_before_anything_is_looked_at(
    sign_up: SignUp, refusal: type[DomainError]
) -> None:
    house = House()
    for name in ("ada", "", "root"):
        with pytest.raises(refusal):
            await replace(house.register, sign_up=sign_up)(name, "ada", "short", house.clock.now())
    assert house.hasher.hashed == 0
    assert house.database.tables.users == {}


async def test_an_administrator_creates_accounts_in_any_case() -> None:
    house = House()
    await house.create("ada", "ada@example.org", PASSWORD, house.clock.now(), by=OPERATOR)
    await house.authenticate("ada", PASSWORD, house.clock.now())
