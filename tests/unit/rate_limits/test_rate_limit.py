import pytest

from doorward.domain.rate_limits.client import counted_client
from doorward.domain.rate_limits.rate_limit import RateLimit, Scope


def test_limits_are_read_in_their_order() -> None:
    assert RateLimit.parse_all("20/hour, 100/day/network,600/minute/all,3/second/address") == (
        RateLimit(20, 3_600, Scope.ADDRESS),
        RateLimit(100, 86_400, Scope.NETWORK),
        RateLimit(600, 60, Scope.ALL),
        RateLimit(3, 1, Scope.ADDRESS),
    )


def test_off_is_no_limit() -> None:
    assert RateLimit.parse_all(" off ") == ()


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "20",
        "0/hour",
        "-1/hour",
        "20/fortnight",
        "20/hours",
        "20 per hour",
        "20/hour/user",
        "20/hour,",
        "off,20/hour",
    ],
)
def test_what_cannot_be_read_is_told_what_to_write_instead(raw: str) -> None:
    with pytest.raises(ValueError, match="20/hour"):
        RateLimit.parse_all(raw)


@pytest.mark.parametrize(
    ("address", "one_client", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("unknown", "unknown", "unknown"),
    ],
)
def test_a_client_of_ipv6_is_a_64_network(address: str, one_client: str, network: str) -> None:
    assert counted_client(address, Scope.ADDRESS) == one_client
    assert counted_client(address, Scope.NETWORK) == network
    assert counted_client(address, Scope.ALL) == "all"


@pytest.mark.parametrize(
    ("previous", "previous_left", "current", "current_left", "wait"),
    [
        (0, 0.0, 10, 41.2, 42),  # full: until the window is over
        (10, 30.0, 5, 30.0, 1),  # 10 x 30/60 + 5 is 10, and one second later less
        (10, 60.0, 0, 60.0, 1),
        (10, 59.0, 8, 59.0, 48),  # 10 x 12/60 is 2
        (9, 6.0, 10, 6.0, 7),
    ],
)
def test_the_wait_ends_when_one_more_is_admitted(
    previous: int, previous_left: float, current: int, current_left: float, wait: int
) -> None:
    assert RateLimit(10, 60).wait_seconds(previous, previous_left, current, current_left) == wait
