"""Guessing at passwords is slowed down, and the owner of the account is not locked out."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from doorward.application.accounts.prune_attempts import PruneAttempts
from doorward.application.accounts.unlock_user import UnlockUser
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.accounts.attempts import AttemptPolicy
from doorward.domain.errors import InvalidCredentials, PasswordWrong, TooManyAttempts
from doorward.domain.sessions.origin import Origin
from doorward.testing.builders import DEVICE_TOKENS, LOGINS, OTHER_PASSWORD, PASSWORD, a_principal
from support.house import House

DAY_SECONDS = 86_400


async def fail(house: House, login: str = "ada", device_token: str | None = None) -> None:
    with pytest.raises(InvalidCredentials):
        await house.authenticate(login, "wrong", house.clock.now(), Origin(device_token=device_token))


async def seconds_to_wait(house: House, login: str = "ada", password: str = PASSWORD, token: str | None = None) -> int:
    with pytest.raises(TooManyAttempts) as refused:
        await house.authenticate(login, password, house.clock.now(), Origin(device_token=token))
    return refused.value.retry_after


@pytest.mark.parametrize("login", ["ada", "ada@example.org", "nobody", ""])
async def test_three_attempts_are_free_and_each_further_one_waits_longer(login: str) -> None:
    """SI-05: the same for a name that nobody has."""
    house = House()
    await house.with_user("ada")
    delays = []
    for number in range(1, 40):
        await fail(house, login)
        if number >= 3:
            delays.append(await seconds_to_wait(house, login))
            house.clock.move(delays[-1])
    assert delays[:1] + delays[1:7] + delays[7:23] == [1] + [3] * 6 + [5] * 16
    assert set(delays[23:]) == {10}


async def test_a_day_has_a_limit_and_the_next_day_begins_anew() -> None:
    """SI-05."""
    house = House()
    await house.with_user("ada")
    began = house.clock.now()
    for _ in range(50):
        await fail(house)
        house.clock.move(10)
    assert await seconds_to_wait(house) == DAY_SECONDS - (house.clock.now() - began).total_seconds()
    assert house.hasher.work == 50
    house.clock.move(DAY_SECONDS)
    await house.authenticate("ada", PASSWORD, house.clock.now())


async def test_of_many_attempts_at_once_only_the_free_ones_are_hashed() -> None:
    """SI-06."""
    house = House()
    await house.with_user("ada")
    answers = await asyncio.gather(
        *(house.authenticate("ada", "wrong", house.clock.now()) for _ in range(50)), return_exceptions=True
    )
    assert house.hasher.work == 3
    assert sum(isinstance(answer, TooManyAttempts) for answer in answers) == 47


@pytest.mark.parametrize("login", ["ada", "nobody"])
async def test_free_attempts_are_not_delayed_when_a_later_one_is_counted_first(login: str) -> None:
    """Each request notes its time before it is counted, and nodes have clocks of their own."""
    house = House()
    await house.with_user("ada")
    now = house.clock.now()
    for earlier in (0, 1, 60):
        with pytest.raises(InvalidCredentials):
            await house.authenticate(login, "wrong", now - timedelta(seconds=earlier))
    with pytest.raises(TooManyAttempts):
        await house.authenticate(login, "wrong", now - timedelta(seconds=61))


async def test_a_refused_attempt_costs_no_hash_and_does_not_prolong_the_wait() -> None:
    """SI-05: not even with the right password."""
    house = House()
    await house.with_user("ada")
    for _ in range(3):
        await fail(house)
    for _ in range(20):
        assert await seconds_to_wait(house) == 1
    assert house.hasher.work == 3
    house.clock.move(1)
    await house.authenticate("ada", PASSWORD, house.clock.now())


async def test_the_right_password_makes_the_attempts_before_it_forgotten() -> None:
    house = House()
    await house.with_user("ada")
    for _ in range(10):
        await fail(house)
        await fail(house)
        await house.authenticate("ada", PASSWORD, house.clock.now())
    assert house.log.of(SecurityEvent.AUTHN_LOGIN_FAIL_MAX) == []


async def test_a_stranger_does_not_lock_out_a_browser_that_the_account_has_used() -> None:
    """SI-07."""
    house = House()
    ada = await house.with_user("ada")
    token = DEVICE_TOKENS.issue(ada.id)
    for _ in range(50):
        await fail(house)
        house.clock.move(10)
    assert await seconds_to_wait(house) > 10
    await house.authenticate("ada", PASSWORD, house.clock.now(), Origin(device_token=token))
    assert await seconds_to_wait(house) > 10  # the stranger's attempts still count


async def test_a_browser_that_the_account_has_used_is_counted_for_itself() -> None:
    """SI-07: whoever steals the token of a browser gains one more count and no more."""
    house = House()
    ada = await house.with_user("ada")
    token = DEVICE_TOKENS.issue(ada.id)
    for _ in range(3):
        await fail(house, device_token=token)
    assert await seconds_to_wait(house, token=token) == 1
    await house.authenticate("ada", PASSWORD, house.clock.now())


@pytest.mark.parametrize("stolen", ["", "x" * 64, "another account's", "another service's"])
async def test_a_device_token_of_another_account_counts_as_none(stolen: str) -> None:
    house = House()
    ada, eve = await house.with_user("ada"), await house.with_user("eve")
    token = DEVICE_TOKENS.issue(eve.id) if stolen == "another account's" else stolen
    if stolen == "another service's":
        own = DEVICE_TOKENS.issue(ada.id)
        token = ("B" if own[0] == "A" else "A") + own[1:]
    for _ in range(3):
        await fail(house)
    assert await seconds_to_wait(house, token=token) == 1


async def test_confirming_a_password_is_limited_like_signing_in() -> None:
    """PW-01: for each session by itself, whichever of the changes it is for."""
    house = House()
    signed_in = await house.newly_signed_in()
    by = a_principal(signed_in.user, signed_in.session)
    for _ in range(3):
        with pytest.raises(PasswordWrong):
            await house.change_password(by, "wrong", OTHER_PASSWORD, house.clock.now())
    with pytest.raises(TooManyAttempts):
        await house.change_password(by, PASSWORD, OTHER_PASSWORD, house.clock.now())
    with pytest.raises(TooManyAttempts):
        await house.delete_own_account(by, PASSWORD, house.clock.now())
    (line, _) = house.log.of(SecurityEvent.AUTHN_LOGIN_FAIL_MAX)
    assert line["known_device"]
    other = await house.signed_in(signed_in.user.username.value)
    with pytest.raises(PasswordWrong):
        await house.change_password(a_principal(other.user, other.session), "wrong", OTHER_PASSWORD, house.clock.now())
    house.clock.move(1)
    await house.change_password(by, PASSWORD, OTHER_PASSWORD, house.clock.now())
    for _ in range(3):
        with pytest.raises(PasswordWrong):
            await house.change_password(by, "wrong", PASSWORD, house.clock.now())


async def test_a_stranger_does_not_keep_the_signed_in_owner_from_changing_the_password() -> None:
    """PW-01, SI-07."""
    house = House()
    signed_in = await house.newly_signed_in()
    by = a_principal(signed_in.user, signed_in.session)
    for _ in range(50):
        await fail(house, signed_in.user.username.value)
        house.clock.move(10)
    assert await seconds_to_wait(house, signed_in.user.username.value) > 10
    await house.change_password(by, PASSWORD, OTHER_PASSWORD, house.clock.now())
    await house.delete_own_account(by, OTHER_PASSWORD, house.clock.now())


async def test_an_operator_unlocks_an_account() -> None:
    house = House()
    ada = await house.with_user("ada")
    for login in ("ada", "ada@example.org", "eve"):
        for _ in range(3):
            await fail(house, login)
    await UnlockUser(house.storage, LOGINS, house.log)(ada, OPERATOR)
    await house.authenticate("ada", PASSWORD, house.clock.now())
    await house.authenticate("ada@example.org", PASSWORD, house.clock.now())
    assert await seconds_to_wait(house, "eve") == 1
    (fields,) = house.log.of(SecurityEvent.USER_UNLOCKED)
    assert fields == {"user_id": str(ada.id), "by": "operator", "cleared": 2}


@pytest.mark.parametrize(
    "policy",
    [
        AttemptPolicy(),
        AttemptPolicy(free=10),
        AttemptPolicy(per_day=10),
        AttemptPolicy(free=1),
        AttemptPolicy(per_day=1),
    ],
    ids=str,
)
@pytest.mark.parametrize("in_an_hour", [1, 2, 9])
async def test_whoever_guesses_a_little_in_every_hour_gets_no_more_guesses_than_a_day_allows(
    policy: AttemptPolicy, in_an_hour: int
) -> None:
    """SI-05: although old counts are deleted."""
    house = House(attempts=policy)
    await house.with_user("ada")
    prune = PruneAttempts(house.storage, policy)
    for _ in range(22):
        for _ in range(in_an_hour):
            with suppress(InvalidCredentials, TooManyAttempts):
                await house.authenticate("ada", "wrong", house.clock.now())
            house.clock.move(10)
        house.clock.move(3601)
        await prune(house.clock.now())
    assert 0 < house.hasher.work <= policy.per_day


async def test_old_counts_are_deleted_and_those_that_still_matter_stay() -> None:
    house = House()
    await house.with_user("ada")
    prune = PruneAttempts(house.storage, house.attempts)
    for _ in range(3):
        await fail(house)
    for number in range(600):
        await fail(house, f"nobody-{number}")
    assert await prune(house.clock.now()) == 0
    house.clock.move(timedelta(hours=2).total_seconds())
    assert await prune(house.clock.now()) == 600
    assert len(house.database.tables.attempts) == 1
    house.clock.move(DAY_SECONDS)
    assert await prune(house.clock.now()) == 1
