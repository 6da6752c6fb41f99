"""The rules that select which sessions of an account end."""

from dataclasses import replace
from datetime import timedelta

from doorward.domain.sessions.ending import other_sessions, surplus_sessions
from doorward.domain.sessions.session import Session, SessionPolicy
from doorward.testing.builders import a_session, a_user
from doorward.testing.doubles import NOON

POLICY = SessionPolicy(max_sessions=3)
ADA = a_user()


def sessions(count: int) -> list[Session]:
    """As many sessions, one minute apart; the latest sign-in first."""
    return [a_session(ADA, NOON - minutes * timedelta(minutes=1)) for minutes in range(count)]


def test_other_sessions_are_all_but_the_kept_one() -> None:
    first, second, third = sessions(3)
    assert other_sessions([first, second, third], second.id) == [first, third]


def test_up_to_the_limit_no_session_is_surplus() -> None:
    own = sessions(3)
    assert surplus_sessions(own, own[0].id, POLICY, NOON) == []


def test_beyond_the_limit_the_oldest_sign_ins_are_surplus_in_whatever_order_they_are_given() -> None:
    own = sessions(5)
    assert surplus_sessions(own[::-1], own[0].id, POLICY, NOON) == own[3:]


def test_a_session_that_was_used_recently_is_surplus_if_its_sign_in_is_the_oldest() -> None:
    """RF-13: the order of the sign-ins decides, not the last use."""
    own = sessions(4)
    own[3] = replace(own[3], last_used_at=NOON)
    assert surplus_sessions(own, own[0].id, POLICY, NOON) == [own[3]]


def test_an_expired_session_is_surplus_and_does_not_count_towards_the_limit() -> None:
    """RF-13."""
    old, remaining = a_session(ADA, NOON - POLICY.absolute), a_session(ADA, NOON - timedelta(days=20))
    unused, new = a_session(ADA, NOON - timedelta(days=19)), a_session(ADA, NOON)
    remaining = replace(remaining, last_used_at=NOON - timedelta(days=10))
    own = [old, remaining, unused, new]
    assert surplus_sessions(own, new.id, SessionPolicy(max_sessions=2), NOON) == [unused, old]


def test_the_kept_session_is_never_surplus_even_if_a_wrong_clock_makes_it_the_oldest() -> None:
    """RF-13: a sign-in does not end its own session."""
    own = sessions(3)
    assert surplus_sessions(own, own[2].id, SessionPolicy(max_sessions=1), NOON) == own[:2]
