import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from doorward.application.accounts.update_user import UserChanges
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.sessions.issue_tokens import SignedIn
from doorward.application.sessions.repeated_refreshes import MAX_REPETITIONS, MAX_TOKENS, RepeatedRefreshes
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.decision import SIGNED_IN
from doorward.domain.access.role import MODERATOR, USER
from doorward.domain.accounts.suspension import WITHOUT_END
from doorward.domain.errors import InvalidRefreshToken, RefreshRepeatedTooOften, RefreshTokenReused
from doorward.domain.ids import UserId, uuid7
from doorward.domain.sessions.refresh_token import RefreshTokenHash
from doorward.domain.sessions.session import SessionPolicy, new_session_id
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.refresh_tokens import DerivedRefreshTokens
from doorward.testing.builders import REFRESH_TOKENS
from doorward.testing.doubles import NOON, PlainTokens
from support.house import House

GRACE = 10


async def test_a_refresh_token_is_exchanged_for_its_successor_and_an_access_token() -> None:
    """RF-02."""
    house = House()
    await house.with_user("ada")
    first = await house.signed_in("ada")
    house.clock.move(600)
    second = await house.refresh(first.refresh_token.value, house.clock.now())
    assert second.refresh_token.value != first.refresh_token.value
    assert second.session.id == first.session.id
    assert PlainTokens().verify(second.access_token.value, house.clock.now()).session_id == first.session.id
    house.clock.move(600)
    await house.refresh(second.refresh_token.value, house.clock.now())


async def test_a_client_that_lost_the_response_gets_the_same_successor() -> None:
    """RF-04."""
    house = House()
    await house.with_user("ada")
    first = (await house.signed_in("ada")).refresh_token.value
    lost = await house.refresh(first, house.clock.now())
    house.clock.move(GRACE - 1)
    again = await house.refresh(first, house.clock.now())
    assert again.refresh_token.value == lost.refresh_token.value
    assert [lost.retried, again.retried] == [False, True]
    for event in (SecurityEvent.SESSION_RENEWED, SecurityEvent.SESSION_RENEWAL_REPEATED):
        assert house.log.of(event) == [{"user_id": str(again.user.id), "session_id": str(again.session.id)}]


async def test_concurrent_requests_with_one_token_get_one_successor() -> None:
    """RF-03."""
    house = House()
    await house.with_user("ada")
    first = (await house.signed_in("ada")).refresh_token.value
    refresh = house.refresh
    answers = await asyncio.gather(*(refresh(first, house.clock.now()) for _ in range(1 + MAX_REPETITIONS)))
    assert len({answer.refresh_token.value for answer in answers}) == 1
    assert [answer.retried for answer in answers].count(False) == 1
    assert len(house.log.of(SecurityEvent.SESSION_RENEWED)) == 1
    assert len(house.log.of(SecurityEvent.SESSION_RENEWAL_REPEATED)) == MAX_REPETITIONS


async def test_of_very_many_concurrent_requests_with_one_token_the_others_are_refused() -> None:
    """RF-03, RF-04: the session continues with the successor."""
    house = House()
    await house.with_user("ada")
    first = (await house.signed_in("ada")).refresh_token.value
    refresh = house.refresh
    many = (refresh(first, house.clock.now()) for _ in range(50))
    answers = await asyncio.gather(*many, return_exceptions=True)
    answered = [answer for answer in answers if isinstance(answer, SignedIn)]
    refused = [answer for answer in answers if isinstance(answer, RefreshRepeatedTooOften)]
    assert (len(answered), len(refused)) == (1 + MAX_REPETITIONS, 49 - MAX_REPETITIONS)
    (successor,) = {answer.refresh_token.value for answer in answered}
    assert not (await refresh(successor, house.clock.now())).retried


async def test_a_token_that_comes_again_and_again_is_refused_until_its_reuse_ends_the_session() -> None:
    """RF-02, RF-04, LG-05: the refusal needs no database, and hides no stolen token."""
    house = House()
    ada = await house.with_user("ada")
    signed_in = await house.signed_in("ada")
    first, refresh = signed_in.refresh_token.value, house.refresh
    house.clock.move(1)
    for _ in range(1 + MAX_REPETITIONS):
        await refresh(first, house.clock.now())
    house.clock.move(GRACE - 0.1)
    async with house.storage.transaction():  # one transaction runs at a time in memory
        for _ in range(2):
            with pytest.raises(RefreshRepeatedTooOften):
                await refresh(first, house.clock.now())
    expected = {"reason": "refresh_repeated", "user_id": str(ada.id), "session_id": str(signed_in.session.id)}
    assert house.log.of(SecurityEvent.EXCESS_RATE_LIMIT_EXCEEDED) == [expected] * 2
    house.clock.move(0.1)
    with pytest.raises(RefreshTokenReused):
        await refresh(first, house.clock.now())


def test_the_repetitions_of_a_bounded_number_of_tokens_are_counted() -> None:
    """RF-04."""
    repeated = RepeatedRefreshes()
    user_id = UserId(uuid7(NOON))
    until = NOON + timedelta(seconds=GRACE)
    tokens = [RefreshTokenHash(number.to_bytes(32, "big")) for number in range(MAX_TOKENS + 1)]
    for token in tokens:
        assert repeated.admits(token, user_id, until, NOON)
    assert len(repeated) == MAX_TOKENS
    for admitted in [True] * (MAX_REPETITIONS - 1) + [False]:
        assert repeated.admits(tokens[-1], user_id, until, NOON) is admitted
    assert repeated.used_up_by(tokens[-1], NOON) == user_id
    assert repeated.admits(tokens[0], user_id, until + timedelta(seconds=GRACE), until)
    assert len(repeated) == 1


async def test_concurrent_requests_with_a_stolen_token_raise_one_alarm() -> None:
    """RF-02, RF-03."""
    house = House()
    await house.with_user("ada")
    first = (await house.signed_in("ada")).refresh_token.value
    await house.refresh(first, house.clock.now())
    house.clock.move(GRACE)
    refresh = house.refresh
    many = (refresh(first, house.clock.now()) for _ in range(50))
    refusals = await asyncio.gather(*many, return_exceptions=True)
    assert {type(refusal) for refusal in refusals} == {RefreshTokenReused}
    assert len(house.log.of(SecurityEvent.AUTHN_TOKEN_REUSE)) == 1


async def test_a_cancelled_request_does_not_cancel_the_others() -> None:
    """RF-03, RF-04: not even if the cancelled request started the rotation that they share."""
    house = House()
    await house.with_user("ada")
    first = (await house.signed_in("ada")).refresh_token.value
    refresh = house.refresh
    one, other = (asyncio.create_task(refresh(first, house.clock.now())) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    successor = (await other).refresh_token.value
    assert one.cancelled()
    assert (await house.refresh(first, house.clock.now())).refresh_token.value == successor


async def test_a_slow_tab_gets_the_token_that_a_fast_tab_has_now() -> None:
    house = House()
    await house.with_user("ada")
    first = (await house.signed_in("ada")).refresh_token.value
    present = first
    for _ in range(3):
        house.clock.move(1)
        present = (await house.refresh(present, house.clock.now())).refresh_token.value
    slow = await house.refresh(first, house.clock.now())
    assert slow.refresh_token.value == present


async def test_a_rotated_token_after_the_grace_time_ends_the_session() -> None:
    """RF-02."""
    house = House()
    await house.with_user("ada")
    first = await house.signed_in("ada")
    second = await house.refresh(first.refresh_token.value, house.clock.now())
    token = PlainTokens().verify(second.access_token.value, house.clock.now())
    house.clock.move(GRACE)
    with pytest.raises(RefreshTokenReused):
        await house.refresh(first.refresh_token.value, house.clock.now())
    assert len(house.log.of(SecurityEvent.AUTHN_TOKEN_REUSE)) == 1
    assert (await house.authorize(token, SIGNED_IN, NOON)).reason == "session_ended"
    for value in (first.refresh_token.value, second.refresh_token.value):
        with pytest.raises(InvalidRefreshToken) as refused:
            await house.refresh(value, house.clock.now())
        assert refused.value.code == "invalid_refresh_token"


async def test_reuse_in_one_session_does_not_end_the_others() -> None:
    house = House()
    await house.with_user("ada")
    robbed, other = await house.signed_in("ada"), await house.signed_in("ada")
    await house.refresh(robbed.refresh_token.value, house.clock.now())
    house.clock.move(GRACE)
    with pytest.raises(RefreshTokenReused):
        await house.refresh(robbed.refresh_token.value, house.clock.now())
    await house.refresh(other.refresh_token.value, house.clock.now())


async def test_every_refresh_reads_the_account_again() -> None:
    """RF-09."""
    house = House()
    ada = await house.with_user("ada")
    first = await house.signed_in("ada")
    await house.grant(ada.id, MODERATOR, house.clock.now(), by=OPERATOR)
    second = await house.refresh(first.refresh_token.value, house.clock.now())
    assert second.user.roles == {USER, MODERATOR}


async def test_a_disabled_account_is_refused_even_after_it_is_enabled_again() -> None:
    """RF-09."""
    house = House()
    ada = await house.with_user("ada")
    first = (await house.signed_in("ada")).refresh_token.value
    update = house.update
    for disabled in (True, False):
        await update(ada.id, UserChanges(disabled=disabled), by=OPERATOR)
        with pytest.raises(InvalidRefreshToken):
            await house.refresh(first, house.clock.now())


async def test_an_account_disabled_by_hand_is_refused_and_keeps_its_session() -> None:
    """RF-09."""
    house = House()
    ada = await house.with_user("ada")
    first = (await house.signed_in("ada")).refresh_token.value
    house.storage.database.tables.users[ada.id] = replace(ada, suspension=WITHOUT_END)
    with pytest.raises(InvalidRefreshToken):
        await house.refresh(first, house.clock.now())
    house.storage.database.tables.users[ada.id] = ada
    house.clock.move(GRACE)
    await house.refresh(first, house.clock.now())


async def test_a_deleted_account_is_refused() -> None:
    """RF-09, ST-08."""
    house = House()
    ada = await house.with_user("ada")
    first = (await house.signed_in("ada")).refresh_token.value
    await house.delete_user(ada.id, by=OPERATOR)
    with pytest.raises(InvalidRefreshToken):
        await house.refresh(first, house.clock.now())


@pytest.mark.parametrize("policy", [SessionPolicy(idle=timedelta(hours=1)), SessionPolicy(absolute=timedelta(hours=1))])
async def test_an_expired_session_is_not_refreshed_and_no_token_outlives_its_session(policy: SessionPolicy) -> None:
    """RF-08."""
    house = House(policy=policy)
    await house.with_user("ada")
    first = await house.signed_in("ada")
    assert first.refresh_token.expires_in == 3600
    house.clock.move(3590)
    second = await house.refresh(first.refresh_token.value, house.clock.now())
    assert second.access_token.expires_in == (900 if policy.idle < policy.absolute else 10)
    assert second.refresh_token.expires_in == (3600 if policy.idle < policy.absolute else 10)
    house.clock.move(3600)
    for token in (first, second):
        with pytest.raises(InvalidRefreshToken) as refused:
            await house.refresh(token.refresh_token.value, house.clock.now())
        assert refused.value.code == "invalid_refresh_token"


async def test_a_token_of_a_missing_session_is_refused() -> None:
    """RF-14."""
    house = House()
    token = REFRESH_TOKENS.first(new_session_id(NOON))
    with pytest.raises(InvalidRefreshToken):
        await house.refresh(token.value, NOON)


async def test_a_made_up_token_for_an_existing_session_ends_nothing() -> None:
    house = House()
    await house.with_user("ada")
    signed_in = await house.signed_in("ada")
    elsewhere = DerivedRefreshTokens(MasterSecret(b"another installation's secret, which is none of ours"))
    with pytest.raises(InvalidRefreshToken) as refused:
        await house.refresh(elsewhere.first(signed_in.session.id).value, NOON)
    assert refused.value.code == "invalid_refresh_token"
    await house.refresh(signed_in.refresh_token.value, NOON)


async def test_a_made_up_token_starts_no_transaction() -> None:
    house = House()
    await house.with_user("ada")
    signed_in = await house.signed_in("ada")
    elsewhere = DerivedRefreshTokens(MasterSecret(b"another installation's secret, which is none of ours"))
    async with (
        house.storage.transaction()
    ):  # one transaction runs at a time in memory, so a second one would wait for ever
        for session_id in (signed_in.session.id, new_session_id(NOON)):
            with pytest.raises(InvalidRefreshToken):
                await house.refresh(elsewhere.first(session_id).value, NOON)


async def test_a_new_master_secret_does_not_sign_anybody_out() -> None:
    house = House()
    await house.with_user("ada")
    signed_in = await house.signed_in("ada")
    renewed = DerivedRefreshTokens(MasterSecret(b"a new secret, whose predecessor nobody remembers any more"))
    refresh = replace(house.refresh, refresh_tokens=renewed)
    second = await refresh(signed_in.refresh_token.value, NOON)
    await refresh(second.refresh_token.value, NOON)


async def test_a_response_lost_before_the_master_secret_changed_can_be_requested_again() -> None:
    house = House()
    await house.with_user("ada")
    old = MasterSecret(b"the secret that is being replaced just now, by the next one")
    before = replace(house.refresh, refresh_tokens=DerivedRefreshTokens(old))
    new = MasterSecret(b"the secret that replaces the one before, step by step", previous=old)
    after = replace(house.refresh, refresh_tokens=DerivedRefreshTokens(new))
    first = (await house.signed_in("ada")).refresh_token.value
    lost = await before(first, NOON)
    assert (await after(first, NOON)).refresh_token.value == lost.refresh_token.value
    third = await after(lost.refresh_token.value, NOON)
    assert (await after(first, NOON)).refresh_token.value == third.refresh_token.value
