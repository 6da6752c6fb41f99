import asyncio
from dataclasses import replace

import pytest

from doorward.application.accounts import authenticate
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.errors import HashingBusy, InvalidCredentials, UnknownAccount, WrongPassword
from doorward.testing.builders import PASSWORD, a_user
from doorward.testing.doubles import NOON, PlainTokens
from support.house import House


@pytest.mark.parametrize("login", ["ada", "ADA", " ada ", "ada@example.org", "Ada@EXAMPLE.org"])
async def test_a_username_or_an_email_and_the_password_sign_in(login: str) -> None:
    house = House()
    ada = await house.with_user("ada")
    signed_in = await house.authenticate(login, PASSWORD, NOON)
    assert signed_in.user == ada
    assert PlainTokens().verify(signed_in.access_token.value, NOON).subject == ada.id


@pytest.mark.parametrize(
    ("login", "password", "disabled"),
    [("eve", PASSWORD, False), ("ada", "wrong", False), ("ada", "", False), ("ada", PASSWORD, True), ("", "", False)],
)
async def test_every_failure_has_the_same_code_and_text_and_costs_one_verification(
    login: str, password: str, disabled: bool
) -> None:
    """SI-01, SI-02."""
    house = House()
    await house.with_user("ada", disabled=disabled)
    with pytest.raises(InvalidCredentials) as refused:
        await house.authenticate(login, password, NOON)
    assert (refused.value.code, str(refused.value)) == ("invalid_credentials", "Invalid username or password!")
    assert house.hasher.work == 1


async def test_an_oversized_password_is_refused_without_hashing_for_every_account() -> None:
    """SI-03."""
    house = House()
    await house.with_user("ada")
    for login in ("ada", "eve"):
        with pytest.raises(WrongPassword):
            await house.authenticate(login, "x" * 257, NOON)
    assert house.hasher.work == 0


async def test_composed_and_decomposed_passwords_are_the_same() -> None:
    """SU-08."""
    house = House()
    await house.register("ada", "ada@example.org", "caf\u00e9 au lait at noon", NOON)
    await house.authenticate("ada", "cafe\u0301 au lait at noon", NOON)


async def test_only_a_successful_sign_in_replaces_an_outdated_hash() -> None:
    """SI-11."""
    house = House()
    old = replace(a_user("ada"), password_hash=PasswordHash(f"$plain$0${PASSWORD}"))
    async with house.storage.transaction() as tx:
        await tx.users.add(old)
    with pytest.raises(WrongPassword):
        await house.authenticate("ada", "wrong", NOON)
    assert (await house.stored(old.id)).password_hash == old.password_hash
    await house.authenticate("ada", PASSWORD, NOON)
    stored = await house.stored(old.id)
    assert stored.password_hash == f"$plain$1${PASSWORD}"
    assert stored.epoch == old.epoch


async def test_a_sign_in_succeeds_even_if_its_outdated_hash_cannot_be_replaced_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SI-11, OP-03."""
    house = House()
    old = replace(a_user("ada"), password_hash=PasswordHash(f"$plain$0${PASSWORD}"))
    async with house.storage.transaction() as tx:
        await tx.users.add(old)

    async def busy(*_: object) -> None:
        raise HashingBusy(cause="test")

    monkeypatch.setattr(type(house.hasher), "hash", busy)
    assert (await house.authenticate("ada", PASSWORD, NOON)).user == old


async def test_a_sign_in_does_not_wait_long_for_its_hash_to_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """SI-11, OP-03."""
    house = House()
    old = replace(a_user("ada"), password_hash=PasswordHash(f"$plain$0${PASSWORD}"))
    async with house.storage.transaction() as tx:
        await tx.users.add(old)

    async def waiting_in_a_queue(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(type(house.hasher), "hash", waiting_in_a_queue)
    monkeypatch.setattr(authenticate, "REHASH_DEADLINE_SECONDS", 0.0)
    assert (await house.authenticate("ada", PASSWORD, NOON)).user == old


async def test_each_sign_in_issues_another_access_token() -> None:
    """SI-10."""
    house = House()
    await house.with_user("ada")
    first = await house.authenticate("ada", PASSWORD, NOON)
    second = await house.authenticate("ada", PASSWORD, NOON)
    assert first.access_token.value != second.access_token.value


async def test_only_the_security_log_contains_why_a_sign_in_failed() -> None:
    """LG-01, LG-04: the typed name is in `login`, which the log hashes; the password is nowhere."""
    house = House()
    ada = await house.with_user("ada")
    with pytest.raises(UnknownAccount):
        await house.authenticate("hunter2", "anything", NOON)
    with pytest.raises(WrongPassword):
        await house.authenticate("ada", "anything", NOON)
    assert house.log.of(SecurityEvent.AUTHN_LOGIN_FAIL) == [
        {"login": "hunter2", "reason": "unknown_account", "user_id": None},
        {"login": "ada", "reason": "wrong_password", "user_id": str(ada.id)},
    ]
    assert "anything" not in repr(house.log.events)


async def test_neither_token_nor_hash_is_in_a_repr() -> None:
    """LG-03."""
    house = House()
    await house.with_user("ada")
    signed_in = await house.authenticate("ada", PASSWORD, NOON)
    assert signed_in.access_token.value not in repr(signed_in)
    assert PASSWORD not in repr(signed_in)
