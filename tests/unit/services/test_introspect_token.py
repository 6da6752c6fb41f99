"""What a service learns about a token."""

from datetime import timedelta

import pytest

from doorward.application.access.authorize_role import AuthorizeRole
from doorward.application.change_feed.directory import AccessDirectory
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.services.introspect_token import (
    ActiveAccessToken,
    ActiveRefreshToken,
    ActiveToken,
    IntrospectToken,
)
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import MODERATOR, USER
from doorward.domain.errors import RefreshTokenReused
from doorward.domain.sessions.session import SessionPolicy, new_session_id
from doorward.infrastructure.memory.tables import MemoryDatabase
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.refresh_tokens import DerivedRefreshTokens
from doorward.testing.builders import REFRESH_TOKENS, a_token, a_user
from doorward.testing.doubles import NOON, PlainTokens
from support.doubles import WatchedStorage
from support.house import House


async def asked(house: House, token: str) -> ActiveToken | None:
    introspect = IntrospectToken(
        house.storage, PlainTokens(), REFRESH_TOKENS, house.authorize, house.directory, house.policy
    )
    return await introspect(token, house.clock.now())


async def test_an_active_access_token_is_returned_with_its_account_and_its_present_roles() -> None:
    house = House()
    opened = await house.newly_signed_in()
    await house.grant(opened.user.id, MODERATOR, NOON, OPERATOR)
    active = await asked(house, opened.access_token.value)
    assert isinstance(active, ActiveAccessToken)
    assert (active.token.subject, active.token.session_id) == (opened.user.id, opened.session.id)
    assert active.access.username == opened.user.username.value
    assert active.access.roles == {USER, MODERATOR}


async def test_an_access_token_is_introspected_again_without_a_query() -> None:
    house = House(database=MemoryDatabase())
    opened = await house.newly_signed_in()
    storage = WatchedStorage(database=house.database)
    directory = AccessDirectory(storage, house.clock)
    authorize = AuthorizeRole(directory, house.ended)
    introspect = IntrospectToken(storage, PlainTokens(), REFRESH_TOKENS, authorize, directory, house.policy)
    for _ in range(100):
        assert await introspect(opened.access_token.value, house.clock.now()) is not None
    assert storage.readings == 1


async def test_an_active_refresh_token_is_returned_with_its_session_and_its_end() -> None:
    house = House()
    opened = await house.newly_signed_in()
    house.clock.move(60)
    active = await asked(house, opened.refresh_token.value)
    assert active == ActiveRefreshToken(opened.session, opened.user, NOON + house.policy.idle)


@pytest.mark.parametrize("case", ["signed out", "everywhere", "disabled", "password", "deleted"])
async def test_tokens_of_an_ended_session_are_not_active(case: str) -> None:
    house = House()
    opened = await house.newly_signed_in()
    user, session = opened.user, opened.session
    if case == "signed out":
        await house.end(user.id, session.id, OPERATOR)
    elif case == "everywhere":
        await house.end_all(user.id, OPERATOR)
    async with house.storage.transaction() as tx:
        if case == "disabled":
            await tx.users.save(user.disabled_now())
        elif case == "password":
            changed = user.with_password(user.password_hash)
            await tx.users.save(changed)
            await tx.sessions.end_all(user.id, changed.epoch)
        elif case == "deleted":
            await tx.users.delete(user.id)
    assert await asked(house, opened.access_token.value) is None
    assert await asked(house, opened.refresh_token.value) is None


async def test_both_kinds_of_tokens_expire() -> None:
    house = House()
    opened = await house.newly_signed_in()
    house.clock.move(opened.access_token.expires_in)
    house.ended.mark_caught_up(house.clock.monotonic())
    assert await asked(house, opened.access_token.value) is None
    assert await asked(house, opened.refresh_token.value) is not None
    house.clock.move(house.policy.idle.total_seconds() - opened.access_token.expires_in)
    assert await asked(house, opened.refresh_token.value) is None


async def test_introspection_rotates_no_token_and_raises_no_alarm() -> None:
    house = House()
    opened = await house.newly_signed_in()
    for _ in range(3):
        assert await asked(house, opened.refresh_token.value) is not None
    house.clock.move(1)
    renewed = await house.refresh(opened.refresh_token.value, house.clock.now())
    house.clock.move(house.policy.grace.total_seconds() + 1)
    for _ in range(3):
        assert await asked(house, opened.refresh_token.value) is None
    active = await asked(house, renewed.refresh_token.value)
    assert isinstance(active, ActiveRefreshToken)
    assert active.session.last_used_at == NOON + timedelta(seconds=1)
    assert house.log.of(SecurityEvent.AUTHN_TOKEN_REUSE) == []
    with pytest.raises(RefreshTokenReused):
        await house.refresh(opened.refresh_token.value, house.clock.now())
    assert await asked(house, renewed.refresh_token.value) is None


async def test_a_rotated_token_is_not_active_even_within_the_grace_time() -> None:
    """It can only be exchanged for its successor once more."""
    house = House(policy=SessionPolicy(grace=timedelta(minutes=10)))
    opened = await house.newly_signed_in()
    await house.refresh(opened.refresh_token.value, house.clock.now())
    assert await asked(house, opened.refresh_token.value) is None


async def test_a_foreign_token_is_not_active() -> None:
    house = House()
    opened = await house.newly_signed_in()
    elsewhere = DerivedRefreshTokens(MasterSecret(b"another installation's master secret, of which we know nothing"))
    refresh = opened.refresh_token.value
    for token in (
        "",
        "nonsense",
        "eyJhbGciOiJub25lIn0.e30.",
        "\N{SNOWMAN}" * 86,
        "A" * 86,
        "A" * 16_000,
        refresh[:-1],
        refresh + "A",
        refresh.swapcase(),
        elsewhere.first(opened.session.id).value,
        REFRESH_TOKENS.first(opened.session.id).value,
        REFRESH_TOKENS.first(new_session_id(NOON)).value,
        a_token(a_user("stranger")),
    ):
        assert await asked(house, token) is None
