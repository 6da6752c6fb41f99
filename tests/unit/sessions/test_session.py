"""When a session expires, and which standing a refresh token has: rules without storage."""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from doorward.domain.ids import UserId, uuid7
from doorward.domain.sessions.refresh_token import RefreshTokenHash
from doorward.domain.sessions.session import (
    MAX_ROTATED_TOKENS,
    MAX_USER_AGENT_CHARACTERS,
    UNKNOWN_DEVICE,
    Device,
    Session,
    SessionPolicy,
    Standing,
    new_session_id,
)
from doorward.testing.doubles import NOON

POLICY = SessionPolicy()
SECOND = timedelta(seconds=1)


def hashed(number: int) -> RefreshTokenHash:
    return RefreshTokenHash(sha256(str(number).encode()).digest())


def a_session(number: int = 0) -> Session:
    return Session.opened(new_session_id(NOON), UserId(uuid7(NOON)), hashed(number), UNKNOWN_DEVICE, NOON)


def standing(session: Session, number: int, seconds: float, *, genuine: bool = True) -> Standing:
    now = NOON + timedelta(seconds=seconds)
    return session.standing(hashed(number), genuine=genuine, policy=POLICY, now=now)


@given(
    pauses=st.lists(st.floats(0, 40 * 86_400), max_size=30),
    idle=st.floats(60, 40 * 86_400),
    absolute=st.floats(60, 100 * 86_400),
)
def test_rotations_do_not_move_the_absolute_end(pauses: Sequence[float], idle: float, absolute: float) -> None:
    """RF-08."""
    policy = SessionPolicy(idle=timedelta(seconds=idle), absolute=timedelta(seconds=absolute))
    session, now = a_session(), NOON
    for number, pause in enumerate(pauses, 1):
        now += timedelta(seconds=pause)
        if session.is_over(policy, now):
            break
        session = session.rotated(hashed(number), now)
        assert session.started_at == NOON
        assert session.ends_at(policy) == min(now + policy.idle, NOON + policy.absolute)
    assert session.ends_at(policy) <= NOON + policy.absolute


def test_an_unused_session_expires_after_its_idle_time() -> None:
    """RF-08."""
    session = a_session()
    assert not session.is_over(POLICY, NOON + POLICY.idle - SECOND)
    assert session.is_over(POLICY, NOON + POLICY.idle)


def test_the_latest_token_is_current_and_a_rotated_one_is_retried_and_then_reused() -> None:
    """RF-02, RF-04."""
    session = a_session(0).rotated(hashed(1), NOON)
    assert standing(session, 1, 0) is Standing.CURRENT
    assert standing(session, 0, 9.9) is Standing.RETRIED
    assert standing(session, 0, 10) is Standing.REUSED


def test_without_a_grace_time_every_second_use_is_reuse() -> None:
    policy = SessionPolicy(grace=timedelta(0))
    session = a_session(0).rotated(hashed(1), NOON)
    assert session.standing(hashed(0), genuine=True, policy=policy, now=NOON) is Standing.REUSED


def test_an_older_token_is_retried_if_it_was_rotated_just_now() -> None:
    """Of two tabs of one browser, the slower one may present a token that the faster one has rotated twice."""
    session = a_session(0)
    for number in (1, 2, 3):
        session = session.rotated(hashed(number), NOON + number * SECOND)
    assert [standing(session, number, 5) for number in range(4)] == [Standing.RETRIED] * 3 + [Standing.CURRENT]


def test_a_genuine_token_that_the_session_no_longer_keeps_is_reused() -> None:
    """RF-02."""
    session = a_session(0)
    for number in range(1, MAX_ROTATED_TOKENS + 2):
        session = session.rotated(hashed(number), NOON)
    assert len(session.rotated_tokens) == MAX_ROTATED_TOKENS
    assert standing(session, 0, 60) is Standing.REUSED


def test_a_token_that_is_not_genuine_is_invalid() -> None:
    """Whoever knows the id of a session, as other services do, cannot end it with a made-up token."""
    assert standing(a_session(0), 7, 0, genuine=False) is Standing.INVALID


def test_no_token_of_an_expired_session_is_current() -> None:
    """RF-08."""
    over = POLICY.idle.total_seconds()
    assert standing(a_session(0), 0, over) is Standing.INVALID
    assert standing(a_session(0).rotated(hashed(1), NOON), 0, over) is Standing.INVALID


def test_a_device_is_described_in_limited_printable_text() -> None:
    device = Device.described("x" * 100, " Brow\x1b[2Jser\r\n\u202e" + "y" * 5000)
    assert len(device.address) == 45
    assert len(device.user_agent) <= MAX_USER_AGENT_CHARACTERS
    assert device.user_agent.startswith("Brow[2Jsery")
    assert device.user_agent.isprintable()
