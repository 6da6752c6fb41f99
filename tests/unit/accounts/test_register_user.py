import asyncio

import pytest

from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.role import USER
from doorward.domain.accounts.username import Username
from doorward.domain.errors import (
    EmailTaken,
    HashingBusy,
    Invalid,
    InvalidEmail,
    InvalidUsername,
    PasswordBlocked,
    RoleUnknown,
    UsernameReserved,
    UsernameTaken,
)
from doorward.testing.builders import BLOCKED, PASSWORD
from doorward.testing.doubles import NOON
from support.house import House


async def test_a_new_user_gets_the_role_user_and_no_other() -> None:
    """SU-13, AZ-04."""
    house = House()
    user_id = await house.register("Ada", "ada@example.org", PASSWORD, NOON, roles=["admin", "moderator"])
    assert user_id is not None
    assert (await house.stored(user_id)).roles == {USER}


async def test_a_username_belongs_to_one_account() -> None:
    house = House()
    await house.register("grace", "grace@example.org", PASSWORD, NOON)
    with pytest.raises(UsernameTaken):
        await house.register("GRACE", "other@example.org", PASSWORD, NOON)


async def test_an_email_belongs_to_one_account() -> None:
    house = House()
    await house.register("grace", "grace@example.org", PASSWORD, NOON)
    with pytest.raises(EmailTaken):
        await house.register("hopper", " Grace@Example.org\t", PASSWORD, NOON)


async def test_of_fifty_concurrent_sign_ups_with_one_name_one_succeeds() -> None:
    """SU-09."""
    house = House()
    spellings = ["kadmin", "KADMIN", "\u212aadmin", "\uff4badmin", "k\u00aadmin"]
    wanted = [house.register(spellings[n % len(spellings)], f"k{n}@example.org", PASSWORD, NOON) for n in range(50)]
    results = await asyncio.gather(*wanted, return_exceptions=True)
    assert sum(isinstance(result, UsernameTaken) for result in results) == 49


async def test_unknown_roles_are_refused_and_known_ones_are_accepted() -> None:
    house = House()
    with pytest.raises(RoleUnknown, match="Role emperor does not exist!"):
        await house.register("ada", "ada@example.org", PASSWORD, NOON, roles=["user", "emperor"])


@pytest.mark.parametrize(
    ("username", "email", "password", "refusal"),
    [
        ("a", "ada@example.org", PASSWORD, InvalidUsername),
        ("admin", "ada@example.org", PASSWORD, UsernameReserved),
        ("ada", "ada", PASSWORD, InvalidEmail),
        ("ada", "ada@example.org", BLOCKED, PasswordBlocked),
        ("adal", "ada@example.org", "I am adal and nobody else", PasswordBlocked),
    ],
)
async def test_invalid_input_is_refused_and_nothing_is_stored(
    username: str, email: str, password: str, refusal: type[Invalid]
) -> None:
    """SU-06, SU-07, SU-10, SU-11, SU-16."""
    house = House()
    with pytest.raises(refusal):
        await house.register(username, email, password, NOON)
    async with house.storage.reading() as reading:
        assert await reading.user_pages.by_username("", None, 10) == []


async def test_the_username_is_stored_as_typed() -> None:
    house = House()
    user_id = await house.register("Ada.King", "Ada@example.org", PASSWORD, NOON)
    assert user_id is not None
    assert (await house.stored(user_id)).username == Username("Ada.King", "ada.king")


async def test_the_security_log_records_a_sign_up_without_the_password() -> None:
    """LG-01, LG-03."""
    house = House()
    user_id = await house.register("ada", "ada@example.org", PASSWORD, NOON)
    assert house.log.events == [(SecurityEvent.USER_CREATED, {"user_id": str(user_id), "by": "sign-up"})]


async def test_a_sign_up_stores_nothing_when_the_hashing_pool_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """OP-03."""
    house = House()

    async def busy(*_: object) -> None:
        raise HashingBusy(cause="test")

    monkeypatch.setattr(type(house.hasher), "hash", busy)
    with pytest.raises(HashingBusy):
        await house.register("ada", "ada@example.org", PASSWORD, NOON)
    async with house.storage.reading() as reading:
        assert await reading.user_pages.by_username("", None, 10) == []
