import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from doorward.application.accounts.update_user import UserChanges
from doorward.application.batches import BATCH_SIZE
from doorward.application.change_feed.own_accounts import OwnAccount
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.sessions.end_other_sessions import EndOtherSessions
from doorward.application.sessions.list_sessions import ListSessions
from doorward.application.sessions.prune_sessions import PruneSessions
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.decision import SIGNED_IN
from doorward.domain.accounts.user import User
from doorward.domain.errors import (
    AccountMissing,
    InvalidCredentials,
    InvalidToken,
    PasswordTooShort,
    PasswordWrong,
    WrongPassword,
)
from doorward.domain.ids import UserId, uuid7
from doorward.domain.sessions.origin import Origin
from doorward.domain.sessions.session import Device, Session, SessionPolicy, new_session_id
from doorward.testing.builders import PASSWORD, a_principal, a_session
from doorward.testing.doubles import NOON, PlainTokens
from support.doubles import InterruptedHasher
from support.house import House

NEW_PASSWORD = "quiet lantern meadow"


async def admitted(house: House, access_token: str) -> bool:
    return (await house.authorize(PlainTokens().verify(access_token, house.clock.now()), SIGNED_IN, NOON)).allowed


async def test_a_sign_in_opens_a_session_with_its_time_and_device() -> None:
    """SI-10."""
    house = House()
    ada = await house.with_user("ada")
    device = Device("192.0.2.1", "Browser/1.0")
    signed_in = await house.authenticate("ada", PASSWORD, NOON, Origin(device=device))
    account, listed = await house.describe(a_principal(ada, signed_in.session))
    assert account == OwnAccount(user=ada, profile=None)
    assert listed.session == signed_in.session == await house.session(signed_in.session.id)
    assert (listed.session.device, listed.session.started_at, listed.session.last_used_at) == (device, NOON, NOON)
    assert listed.ends_at == NOON + timedelta(days=14)
    again = await house.signed_in("ada")
    assert again.session.id != signed_in.session.id


async def test_a_session_that_has_just_ended_cannot_be_described() -> None:
    house = House()
    ada = await house.with_user("ada")
    with pytest.raises(InvalidToken):
        await house.describe(a_principal(ada, a_session(ada)))


async def test_the_oldest_session_ends_when_there_are_too_many() -> None:
    """RF-13."""
    house = House(policy=SessionPolicy(max_sessions=2))
    await house.with_user("ada")
    signed_in = []
    for _ in range(3):
        house.clock.move(1)
        signed_in.append(await house.signed_in("ada"))
    assert [await admitted(house, each.access_token.value) for each in signed_in] == [False, True, True]


async def test_active_sessions_are_listed_with_the_latest_sign_in_first() -> None:
    house = House(policy=SessionPolicy(idle=timedelta(hours=1)))
    ada = await house.with_user("ada")
    old = await house.signed_in("ada")
    house.clock.move(3000)
    new = await house.signed_in("ada")
    sessions = ListSessions(house.storage, house.policy)
    assert [each.session.id for each in await sessions(ada.id, house.clock.now())] == [new.session.id, old.session.id]
    house.clock.move(600)
    assert [each.session.id for each in await sessions(ada.id, house.clock.now())] == [new.session.id]
    with pytest.raises(AccountMissing):
        await sessions(UserId(uuid7(NOON)), NOON)


async def test_the_other_sessions_end_and_the_session_of_the_request_continues() -> None:
    """RF-10."""
    house = House()
    ada = await house.with_user("ada")
    others = [await house.signed_in("ada") for _ in range(2)]
    this = await house.signed_in("ada")
    assert await EndOtherSessions(house.storage, house.log)(a_principal(ada, this.session)) == 2
    assert [await admitted(house, each.access_token.value) for each in (*others, this)] == [False, False, True]


async def test_ending_no_session_writes_no_line() -> None:
    """LG-05: a client can repeat it at no cost."""
    house = House()
    ada = await house.with_user("ada")
    this, _ = await house.signed_in("ada"), await house.signed_in("ada")
    end_others = EndOtherSessions(house.storage, house.log)
    assert [await end_others(a_principal(ada, this.session)) for _ in range(3)] == [1, 0, 0]
    assert [event["ended"] for event in house.log.of(SecurityEvent.SESSIONS_ENDED)] == [1]


async def test_a_new_password_ends_the_other_sessions_and_the_present_one_continues() -> None:
    """RF-10, PW-01."""
    house = House()
    ada = await house.with_user("ada")
    other, this = await house.signed_in("ada"), await house.signed_in("ada")
    await house.change_password(a_principal(ada, this.session), PASSWORD, NEW_PASSWORD, NOON)
    assert [await admitted(house, each.access_token.value) for each in (other, this)] == [False, True]
    await house.refresh(this.refresh_token.value, NOON)
    with pytest.raises(InvalidCredentials):
        await house.signed_in("ada")
    await house.authenticate("ada", NEW_PASSWORD, NOON)


async def test_a_wrong_present_password_or_an_invalid_new_one_changes_nothing() -> None:
    """PW-01."""
    house = House()
    ada = await house.with_user("ada")
    this, other = await house.signed_in("ada"), await house.signed_in("ada")
    principal = a_principal(ada, this.session)
    for wrong in ("wrong", "", "x" * 5000):
        with pytest.raises(PasswordWrong):
            await house.change_password(principal, wrong, NEW_PASSWORD, NOON)
    refusals = house.log.of(SecurityEvent.AUTHN_PASSWORD_CONFIRMATION_FAIL)
    assert [event["reason"] for event in refusals] == ["wrong_password", "wrong_password", "password_oversized"]
    with pytest.raises(PasswordTooShort):
        await house.change_password(principal, PASSWORD, "short", NOON)
    assert await house.stored(ada.id) == ada
    assert await admitted(house, other.access_token.value)


async def test_of_two_concurrent_password_changes_one_succeeds() -> None:
    house = House()
    ada = await house.with_user("ada")
    this = await house.signed_in("ada")
    principal = a_principal(ada, this.session)
    results = await asyncio.gather(
        house.change_password(principal, PASSWORD, NEW_PASSWORD, NOON),
        house.change_password(principal, PASSWORD, "another quiet meadow", NOON),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "PasswordWrong"]


async def test_a_password_that_changes_while_it_is_verified_opens_no_session() -> None:
    hasher = InterruptedHasher()
    house = House(hasher=hasher)
    ada = await house.with_user("ada")
    set_password = house.set_password
    hasher.interruption = lambda: set_password(ada.id, NEW_PASSWORD, NOON, by=OPERATOR)
    with pytest.raises(WrongPassword):
        await house.authenticate("ada", PASSWORD, NOON)
    assert house.storage.database.tables.sessions == {}


Ending = Callable[[House, User], Awaitable[object]]


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param(lambda house, ada: house.end_all(ada.id, by=OPERATOR), id="sign-out everywhere"),
        pytest.param(
            lambda house, ada: house.update(ada.id, UserChanges(disabled=True), by=OPERATOR),
            id="disabling",
        ),
        pytest.param(lambda house, ada: house.delete_user(ada.id, by=OPERATOR), id="deleting"),
        pytest.param(
            lambda house, ada: house.set_password(ada.id, NEW_PASSWORD, NOON, by=OPERATOR),
            id="a password set by the operator",
        ),
        pytest.param(
            lambda house, ada: house.delete_own_account(
                a_principal(ada, next(iter(house.database.tables.sessions.values()))), PASSWORD, NOON
            ),
            id="deleting one's own account",
        ),
    ],
)
async def test_all_sessions_of_an_account_end_with_these_actions(ending: Ending) -> None:
    """RF-10, AD-02, ST-08."""
    house = House()
    ada = await house.with_user("ada")
    signed_in = [await house.signed_in("ada") for _ in range(2)]
    await ending(house, ada)
    assert [await admitted(house, each.access_token.value) for each in signed_in] == [False, False]
    assert [await house.session(each.session.id) for each in signed_in] == [None, None]


async def test_expired_sessions_are_pruned_in_batches() -> None:
    """RF-14."""
    house = House()
    ada = await house.with_user("ada")
    async with house.storage.transaction() as tx:
        for number in range(BATCH_SIZE + 1):
            first = house.refresh.refresh_tokens.first(new_session_id(NOON))
            started = NOON - timedelta(days=30, seconds=number)
            await tx.sessions.add(Session.opened(first.session_id, ada.id, first.hash, Device(), started))
    await house.with_user("grace")
    alive = await house.signed_in("grace")
    assert await PruneSessions(house.storage, house.policy, house.log)(NOON) == BATCH_SIZE + 1
    assert list(house.storage.database.tables.sessions) == [alive.session.id]


async def test_a_session_is_pruned_after_its_absolute_end_even_if_its_idle_time_is_longer() -> None:
    """RF-14."""
    house = House(policy=SessionPolicy(absolute=timedelta(hours=8)))
    await house.with_user("ada")
    await house.signed_in("ada")
    house.clock.move(timedelta(hours=8, seconds=1).total_seconds())
    assert await PruneSessions(house.storage, house.policy, house.log)(house.clock.now()) == 1
