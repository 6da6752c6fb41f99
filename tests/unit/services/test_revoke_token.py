"""Which tokens end a session for a service, and which end nothing."""

import pytest

from doorward.application.ports.security_events import SecurityEvent
from doorward.application.services.revoke_token import RevokeToken
from doorward.domain.errors import StorageUnavailable
from doorward.domain.services.service import Service, ServiceId, ServiceSecretHash
from doorward.domain.sessions.session import new_session_id
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.refresh_tokens import DerivedRefreshTokens
from doorward.testing.builders import REFRESH_TOKENS, a_token
from doorward.testing.doubles import NOON, PlainTokens
from support.doubles import WatchedStorage
from support.house import House

BY = Service(id=ServiceId("service-of-the-test"), name="billing", secret_hash=ServiceSecretHash(b""), created_at=NOON)


async def revoke(house: House, token: str) -> None:
    revoke_token = RevokeToken(house.storage, PlainTokens(), REFRESH_TOKENS, house.end, house.policy)
    await revoke_token(token, house.clock.now(), BY)


@pytest.mark.parametrize("kind", ["access", "current", "retried", "spent"])
async def test_each_token_of_a_session_ends_the_whole_session(kind: str) -> None:
    house = House()
    opened, other = await house.newly_signed_in(), await house.signed_in()
    token = opened.access_token.value if kind == "access" else opened.refresh_token.value
    if kind in {"retried", "spent"}:
        await house.refresh(token, house.clock.now())
    if kind == "spent":
        house.clock.move(house.policy.grace.total_seconds() + 1)
    await revoke(house, token)
    assert await house.session(opened.session.id) is None
    assert await house.session(other.session.id) is not None
    ended = {"user_id": str(opened.user.id), "session_id": str(opened.session.id), "by": BY.id}
    assert house.log.of(SecurityEvent.SESSION_ENDED) == [ended]
    assert house.log.of(SecurityEvent.AUTHN_TOKEN_REUSE) == []
    await revoke(house, token)
    assert house.log.of(SecurityEvent.SESSION_ENDED) == [ended]


async def test_other_tokens_end_nothing_without_any_error() -> None:
    house = House()
    opened = await house.newly_signed_in()
    elsewhere = DerivedRefreshTokens(MasterSecret(b"another installation's master secret, of which we know nothing"))
    refresh = opened.refresh_token.value
    for token in (
        "",
        "nonsense",
        "\N{SNOWMAN}",
        refresh[:-1],
        refresh + "=",
        "A" * 86,
        elsewhere.first(opened.session.id).value,
        REFRESH_TOKENS.first(new_session_id(NOON)).value,
        a_token(opened.user),
    ):
        await revoke(house, token)
    assert await house.session(opened.session.id) == opened.session
    assert house.log.of(SecurityEvent.SESSION_ENDED) == []


async def test_an_expired_access_token_ends_nothing() -> None:
    house = House()
    opened = await house.newly_signed_in()
    house.clock.move(opened.access_token.expires_in)
    await revoke(house, opened.access_token.value)
    assert await house.session(opened.session.id) == opened.session


async def test_a_session_that_has_ended_is_not_ended_again() -> None:
    house = House()
    opened = await house.newly_signed_in()
    house.clock.move(house.policy.idle.total_seconds())
    await revoke(house, opened.refresh_token.value)
    assert house.log.of(SecurityEvent.SESSION_ENDED) == []


async def test_a_failing_database_is_reported() -> None:
    house = House()
    opened = await house.newly_signed_in()
    away = WatchedStorage()
    away.away = True
    revoke_token = RevokeToken(away, PlainTokens(), REFRESH_TOKENS, house.end, house.policy)
    with pytest.raises(StorageUnavailable):
        await revoke_token(opened.refresh_token.value, NOON, BY)
