"""A code of a letter works once, and cannot be guessed."""

import asyncio
from dataclasses import replace

import pytest

from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.accounts.attempts import AttemptPolicy
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.accounts.sign_in_code import MAX_TRIES
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidCode, InvalidCredentials, TooManyAttempts
from doorward.domain.letters.letter import SLOT_SECONDS
from doorward.domain.sessions.origin import Origin
from doorward.infrastructure.security.sign_in_codes import KeyedSignInCodes
from doorward.testing.builders import DEVICE_TOKENS, a_user
from doorward.testing.storage_access import sessions_of
from support.house import House
from support.sign_in_codes import ADDRESS, ordered_code, other_than, refused


async def test_a_code_works_once() -> None:
    """RS-02."""
    house = House()
    await house.with_user("ada")
    code = await ordered_code(house)
    await house.sign_in_by_code(ADDRESS, code, house.clock.now())
    await refused(house, code)


async def test_of_fifty_who_use_one_code_at_once_one_succeeds() -> None:
    """RS-03."""
    house = House(attempts=AttemptPolicy(free=1000, per_day=1000))
    ada = await house.with_user("ada")
    code = await ordered_code(house)
    now = house.clock.now()
    outcomes = await asyncio.gather(
        *(house.sign_in_by_code(ADDRESS, code, now) for _ in range(50)), return_exceptions=True
    )
    assert sum(isinstance(outcome, InvalidCode) for outcome in outcomes) == 49
    assert len(await sessions_of(house.storage, ada)) == 1


@pytest.mark.parametrize("wrong", [MAX_TRIES - 1, MAX_TRIES])
async def test_a_code_is_void_after_five_tries(wrong: int) -> None:
    """SI-05."""
    house = House()
    await house.with_user("ada")
    code = await ordered_code(house)
    for _ in range(wrong):
        await refused(house, other_than(code))
    if wrong == MAX_TRIES:
        await refused(house, code)
    else:
        house.clock.move(10)
        await house.sign_in_by_code(ADDRESS, code, house.clock.now())


async def test_fifty_wrong_codes_at_once_are_counted_before_any_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """SI-06: also where no attempt is delayed, five are compared with the code."""
    house = House(attempts=AttemptPolicy(free=1000, per_day=1000))
    await house.with_user("ada")
    code = await ordered_code(house)
    compared = []
    matches = KeyedSignInCodes.matches

    def watched(codes: KeyedSignInCodes, typed: str, user: User | None, stored: object) -> bool:
        compared.append(stored is not None)
        return matches(codes, typed, user, stored)  # type: ignore[arg-type]

    monkeypatch.setattr(KeyedSignInCodes, "matches", watched)
    now = house.clock.now()
    wrong = other_than(code)
    await asyncio.gather(*(house.sign_in_by_code(ADDRESS, wrong, now) for _ in range(50)), return_exceptions=True)
    assert (len(compared), sum(compared)) == (50, MAX_TRIES)
    await refused(house, code)


@pytest.mark.parametrize("email", [ADDRESS, "nobody@example.org"])
async def test_new_codes_allow_no_more_guesses_than_a_day_allows(email: str) -> None:
    """SI-05: the same for an address that nobody has."""
    house = House(attempts=AttemptPolicy(per_day=12))
    await house.with_user("ada")
    for _ in range(12):
        await house.request_code(email, "en", house.clock.now())
        await house.send_letters()
        house.clock.move(SLOT_SECONDS)
        await refused(house, "no code", email)
    with pytest.raises(TooManyAttempts):
        await house.sign_in_by_code(email, "no code", house.clock.now())


async def test_strangers_who_guess_at_the_password_do_not_keep_the_owner_from_using_a_code_and_the_reverse() -> None:
    """SI-07."""
    house = House()
    await house.with_user("ada")
    code = await ordered_code(house)
    for _ in range(3):
        with pytest.raises(InvalidCredentials):
            await house.authenticate(ADDRESS, "wrong", house.clock.now())
    await house.sign_in_by_code(ADDRESS, code, house.clock.now())
    house.clock.move(10)
    for _ in range(3):
        with pytest.raises(InvalidCode):
            await house.sign_in_by_code(ADDRESS, "no code", house.clock.now())
    await house.signed_in("ada")


async def test_a_browser_that_the_account_has_used_is_counted_for_itself() -> None:
    """SI-07."""
    house = House()
    ada = await house.with_user("ada")
    for _ in range(3):
        with pytest.raises(InvalidCode):
            await house.sign_in_by_code(ADDRESS, "no code", house.clock.now())
    known = Origin(device_token=DEVICE_TOKENS.issue(ada.id))
    now = house.clock.now()
    with pytest.raises(TooManyAttempts):
        await house.sign_in_by_code(ADDRESS, "no code", now)
    with pytest.raises(InvalidCode):
        await house.sign_in_by_code(ADDRESS, "no code", now, known)
    lines = house.log.of(SecurityEvent.AUTHN_LOGIN_FAIL_MAX)
    assert [line["known_device"] for line in lines] == [False]


async def test_a_success_forgets_the_attempts_that_were_counted() -> None:
    house = House()
    await house.with_user("ada")
    code = await ordered_code(house)
    await refused(house, other_than(code))
    await house.sign_in_by_code(ADDRESS, code, house.clock.now())
    assert house.database.tables.attempts == {}


@pytest.mark.parametrize("change", ["password", "address", "disabled", "deleted"])
async def test_what_changes_while_a_code_is_compared_decides(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    ada = await house.with_user("ada")
    code = await ordered_code(house)
    changed = {
        "password": replace(ada, password_hash=PasswordHash("$plain$1$other")),
        "address": replace(ada, email=a_user("eve").email),
        "disabled": ada.disabled_now(),
    }
    matches = KeyedSignInCodes.matches

    def interrupted(*typed: object) -> bool:
        tables = house.database.tables
        if change == "deleted":
            del tables.users[ada.id]
        else:
            tables.users[ada.id] = changed[change]
        return matches(*typed)  # type: ignore[arg-type]

    monkeypatch.setattr(KeyedSignInCodes, "matches", interrupted)
    await refused(house, code)
    assert await sessions_of(house.storage, ada) == []
