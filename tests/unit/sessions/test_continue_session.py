from datetime import timedelta

import pytest

from doorward.application.accounts.update_user import UserChanges
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import MODERATOR
from doorward.domain.errors import (
    InvalidRefreshToken,
    KeptTokenReused,
    RefreshTokenExpired,
    RefreshTokenMissing,
    RefreshTokenUnknown,
)
from doorward.domain.sessions.session import SessionPolicy, new_session_id
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.refresh_tokens import DerivedRefreshTokens
from doorward.testing.builders import REFRESH_TOKENS
from doorward.testing.doubles import NOON, PlainTokens
from support.house import House

DAY = timedelta(days=1).total_seconds()


async def signed_in_house() -> tuple[House, str]:
    """Return a house and the refresh token of the account that is signed in there."""
    house = House()
    await house.with_user("ada")
    return house, (await house.signed_in("ada")).refresh_token.value


async def test_the_same_refresh_token_gets_new_access_tokens_again_and_again() -> None:
    house, token = await signed_in_house()
    for _ in range(3):
        house.clock.move(600)
        answer = await house.continue_session(token, house.clock.now())
        assert answer.refresh_token.value == token
        assert answer.session.keeps_token
        assert not answer.retried
        assert PlainTokens().verify(answer.access_token.value, house.clock.now()).session_id == answer.session.id
    assert [event["rotated"] for event in house.log.of(SecurityEvent.SESSION_RENEWED)] == [False] * 3


async def test_the_session_ends_as_every_other_does() -> None:
    """Each refresh moves the idle end, and none the absolute one."""
    policy = SessionPolicy()
    house, token = await signed_in_house()
    for _ in range(7):
        house.clock.move(policy.idle.total_seconds() - DAY)
        if house.clock.now() >= NOON + policy.absolute:
            break
        await house.continue_session(token, house.clock.now())
    with pytest.raises(RefreshTokenExpired):
        await house.continue_session(token, house.clock.now())


async def test_roles_are_read_again_at_each_refresh() -> None:
    house = House()
    ada = await house.with_user("ada")
    token = (await house.signed_in("ada")).refresh_token.value
    await house.grant(ada.id, MODERATOR, house.clock.now(), by=OPERATOR)
    assert MODERATOR in (await house.continue_session(token, house.clock.now())).user.roles


async def test_a_session_that_ended_is_not_continued() -> None:
    house = House()
    ada = await house.with_user("ada")
    token = (await house.signed_in("ada")).refresh_token.value
    await house.continue_session(token, house.clock.now())
    await house.end_all(ada.id, by=OPERATOR)
    with pytest.raises(RefreshTokenUnknown):
        await house.continue_session(token, house.clock.now())


@pytest.mark.parametrize("presented", ["", "undefined", "x" * 100, "0b8a7b30-1d6e-4a40-9a2f-7b4f5f3a6f10"])
async def test_a_token_that_is_none_is_unknown(presented: str) -> None:
    house, _ = await signed_in_house()
    with pytest.raises(RefreshTokenUnknown):
        await house.continue_session(presented, house.clock.now())


async def test_no_token_is_told_apart_from_a_wrong_one() -> None:
    house, _ = await signed_in_house()
    with pytest.raises(RefreshTokenMissing):
        await house.continue_session(None, house.clock.now())


async def test_a_made_up_token_ends_nothing_and_needs_no_transaction() -> None:
    house = House()
    await house.with_user("ada")
    signed_in = await house.signed_in("ada")
    forged = DerivedRefreshTokens(MasterSecret(b"another secret, which is not that of the service"))
    async with house.storage.transaction():  # one transaction runs at a time in memory
        for session_id in (signed_in.session.id, new_session_id(NOON)):
            with pytest.raises(RefreshTokenUnknown):
                await house.continue_session(forged.first(session_id).value, house.clock.now())
    await house.continue_session(signed_in.refresh_token.value, house.clock.now())


async def test_a_disabled_account_is_refused_until_it_is_enabled_again() -> None:
    house = House()
    ada = await house.with_user("ada")
    token = (await house.signed_in("ada")).refresh_token.value
    update = house.update
    await update(ada.id, UserChanges(disabled=True), by=OPERATOR)
    with pytest.raises(RefreshTokenUnknown):
        await house.continue_session(token, house.clock.now())


async def test_whoever_refreshes_in_the_ordinary_way_rotates_the_token_from_then_on() -> None:
    """A front end that learns to rotate loses no session, and its session is as safe as any."""
    house, token = await signed_in_house()
    await house.continue_session(token, house.clock.now())
    rotated = await house.refresh(token, house.clock.now())
    assert rotated.refresh_token.value != token
    assert not rotated.session.keeps_token


@pytest.mark.parametrize("seconds", [1, 11], ids=["within the grace time", "after it"])
async def test_a_rotated_token_that_comes_here_was_stolen_and_ends_the_session(seconds: float) -> None:
    """RF-02, RF-19: reuse is detected although one of the two clients does not rotate, whichever of them is the thief.
    The grace time is for a client that repeats its request, which is one to the other route."""
    house, token = await signed_in_house()
    await house.continue_session(token, house.clock.now())
    latest = await house.refresh(token, house.clock.now())
    house.clock.move(seconds)
    with pytest.raises(KeptTokenReused):
        await house.continue_session(token, house.clock.now())
    assert len(house.log.of(SecurityEvent.AUTHN_TOKEN_REUSE)) == 1
    for gone in (token, latest.refresh_token.value):
        with pytest.raises(RefreshTokenUnknown):
            await house.continue_session(gone, house.clock.now())
        with pytest.raises(InvalidRefreshToken):
            await house.refresh(gone, house.clock.now())


async def test_a_session_that_rotates_cannot_be_made_one_that_does_not() -> None:
    """RF-02, RF-19: its current token is refused here, and continues where it belongs."""
    house, token = await signed_in_house()
    rotated = (await house.refresh(token, house.clock.now())).refresh_token.value
    with pytest.raises(RefreshTokenUnknown):
        await house.continue_session(rotated, house.clock.now())
    assert (await house.refresh(rotated, house.clock.now())).refresh_token.value not in {token, rotated}


async def test_a_token_of_an_earlier_secret_is_kept() -> None:
    """The session never rotated, so its token is the one of its sign-in, whatever the secret is now."""
    house, token = await signed_in_house()
    later = DerivedRefreshTokens(MasterSecret(b"the secret that replaced the one of the unit tests"))
    assert not later.read(token).genuine
    continue_session = type(house.continue_session)(house.storage, later, house.issue, house.policy, house.log)
    assert (await continue_session(token, house.clock.now())).refresh_token.value == token
    assert REFRESH_TOKENS.read(token).genuine
