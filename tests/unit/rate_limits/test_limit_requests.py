import pytest

from doorward.application.ports.rate_limits import RequestLimits
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.rate_limits.limit_requests import LimitRequests
from doorward.domain.errors import TooManyRequests
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.domain.rate_limits.rate_limit import RateLimit
from doorward.infrastructure.rate_limits.window_rate_limiter import LocalRateLimiter
from doorward.testing.doubles import FrozenClock, ListLog
from support.limits_time import counted_by


def limiting(sign_up: str) -> tuple[LimitRequests, ListLog]:
    limits = dict.fromkeys(LimitName, RateLimit.parse_all("off"))
    log = ListLog()
    parsed = RequestLimits({**limits, LimitName.SIGN_UP: RateLimit.parse_all(sign_up)})
    return LimitRequests(LocalRateLimiter(), parsed, log), log


async def admitted(limit: LimitRequests, address: str, name: LimitName = LimitName.SIGN_UP) -> int:
    """0, or the seconds to wait."""
    try:
        await limit(name, address)
    except TooManyRequests as refused:
        return refused.retry_after
    return 0


async def test_each_address_has_a_count_of_its_own() -> None:
    """SU-17, SI-08."""
    limit, log = limiting("2/hour")
    with counted_by(FrozenClock()):
        assert [await admitted(limit, "192.0.2.1") > 0 for _ in range(4)] == [False, False, True, True]
        assert await admitted(limit, "192.0.2.2") == 0
    (event, fields), *_ = log.events
    assert (event, fields) == (SecurityEvent.EXCESS_RATE_LIMIT_EXCEEDED, {"reason": "sign_up", "per": "address"})


async def test_the_addresses_of_a_network_share_a_count() -> None:
    """SI-08: nobody gets more by asking from many addresses of a /24 or a /64."""
    limit, log = limiting("2/hour,4/hour/network")
    with counted_by(FrozenClock()):
        assert [await admitted(limit, f"192.0.2.{number}") > 0 for number in range(5)] == [False] * 4 + [True]
        assert await admitted(limit, "192.0.3.1") == 0
        same_64 = [await admitted(limit, f"2001:db8::{number:x}") > 0 for number in range(3)]
        assert same_64 == [False, False, True]
    assert [fields["per"] for _, fields in log.events] == ["network", "address"]


async def test_everybody_shares_one_count() -> None:
    """SU-17."""
    limit, _ = limiting("3/minute/all")
    with counted_by(FrozenClock()):
        assert [await admitted(limit, f"192.0.{number}.1") > 0 for number in range(4)] == [False, False, False, True]


async def test_a_request_that_is_refused_does_not_count() -> None:
    """A client that goes on asking is admitted again no later than one that waits."""
    limit, _ = limiting("2/minute,3/minute/network")
    clock = FrozenClock()
    clock.move(30)
    with counted_by(clock):
        for _ in range(2):
            await admitted(limit, "192.0.2.1")
        wait = await admitted(limit, "192.0.2.1")
        for _ in range(50):
            await admitted(limit, "192.0.2.1")
        assert await admitted(limit, "192.0.2.2") == 0  # the network's count has room
        assert await admitted(limit, "192.0.2.1") == wait
        clock.move(wait)
        assert await admitted(limit, "192.0.2.1") == 0


async def test_retry_after_is_the_time_at_which_one_more_is_admitted() -> None:
    clock = FrozenClock()
    limit, _ = limiting("5/minute")
    with counted_by(clock):
        for _ in range(200):
            wait = await admitted(limit, "192.0.2.1")
            if wait:
                clock.move(wait)
                assert await admitted(limit, "192.0.2.1") == 0
            clock.move(0.7)


async def test_no_window_of_any_place_in_time_has_much_more_than_the_limit() -> None:
    """Two bursts around the end of a window are what a fixed window admits."""
    clock = FrozenClock()
    clock.move(59)
    limit, _ = limiting("100/minute")
    with counted_by(clock):
        before = [await admitted(limit, "192.0.2.1") for _ in range(150)].count(0)
        clock.move(2)
        after = [await admitted(limit, "192.0.2.1") for _ in range(150)].count(0)
    assert (before, after) == (100, 2)


async def test_each_kind_has_counts_of_its_own() -> None:
    limit, _ = limiting("1/hour")
    with counted_by(FrozenClock()):
        await admitted(limit, "192.0.2.1")
        assert await admitted(limit, "192.0.2.1") > 0
        for name in set(LimitName) - {LimitName.SIGN_UP}:
            for _ in range(3):
                assert await admitted(limit, "192.0.2.1", name) == 0


def test_the_refusal_names_no_account() -> None:
    """SI-05: known and unknown accounts are refused alike, since neither was looked for."""
    with pytest.raises(TooManyRequests, match=r"^Too many attempts from your network\. Wait before you try again\.$"):
        raise TooManyRequests(5)
