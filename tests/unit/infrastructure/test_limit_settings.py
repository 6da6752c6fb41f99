import pytest

from doorward.domain.rate_limits.limit_name import LimitName
from doorward.domain.rate_limits.rate_limit import RateLimit
from doorward.infrastructure.rate_limits.redis_url import client_url
from doorward.infrastructure.settings.loading import load_settings
from doorward.infrastructure.settings.masking import masked_settings
from doorward.infrastructure.settings.start_refused import StartRefused

PUBLIC = {"DOORWARD_PUBLIC_URL": "https://auth.example.com"}


def test_a_public_service_has_a_limit_of_every_kind() -> None:
    limits = load_settings(PUBLIC).limits
    for name in LimitName:
        assert limits.limits_of(name), name
    assert not limits.are_off


def test_a_service_for_this_machine_has_only_the_limits_that_are_given() -> None:
    """All its clients are one machine. `doorward settings`, `doctor` and the start tell of it."""
    found = load_settings({})
    assert found.limits.are_off
    assert masked_settings(found)["DOORWARD_LIMIT_SIGN_UP"] == "off"
    given = load_settings({"DOORWARD_LIMIT_SIGN_UP": "5/hour"}).limits
    assert given.limits_of(LimitName.SIGN_UP) == (RateLimit(5, 3_600),)
    assert given.limits_of(LimitName.SIGN_IN) == ()


@pytest.mark.parametrize("value", ["", "20", "20/week", "5/hour;6/day"])
def test_a_limit_that_cannot_be_read_refuses_the_start(value: str) -> None:
    """An empty value does not turn a limit off."""
    with pytest.raises(StartRefused, match=r"^DOORWARD_LIMIT_SIGN_IN"):
        load_settings({"DOORWARD_LIMIT_SIGN_IN": value})


@pytest.mark.parametrize(
    ("raw", "client"),
    [
        ("redis://127.0.0.1", "redis://127.0.0.1"),
        ("valkey://ada:p%40ss@cache:6380/2", "redis://ada:p%40ss@cache:6380/2"),
        ("valkeys://cache", "rediss://cache"),
        ("rediss://cache?ssl_ca_certs=/ca.pem", "rediss://cache?ssl_ca_certs=/ca.pem"),
    ],
)
def test_a_valkey_is_asked_as_a_redis(raw: str, client: str) -> None:
    assert client_url(raw) == client


@pytest.mark.parametrize(
    "raw",
    [
        "cache:6379",
        "http://cache",
        "redis://",
        "redis://cache:port",
        "redis://cache/name",
        "redis://cache?db=1",
        "redis://cache?ssl_ca_certs=/ca.pem",
        "redis://ada:[hunter2]@cache",
        "redis://ada:hunter2hunter2@ca che",
    ],
)
def test_a_url_that_cannot_be_used_refuses_the_start_without_its_password(raw: str) -> None:
    with pytest.raises(StartRefused, match=r"^DOORWARD_REDIS_URL") as refused:
        load_settings({"DOORWARD_REDIS_URL": raw})
    assert "hunter2" not in str(refused.value)


def test_the_shown_settings_hide_the_password_of_the_redis() -> None:
    """LG-03."""
    found = load_settings({"DOORWARD_REDIS_URL": "rediss://ada:hunter2hunter2@cache:6380/1?ssl_ca_certs=/ca.pem"})
    assert "hunter2" not in repr(found) + repr(masked_settings(found))
    assert masked_settings(found)["DOORWARD_REDIS_URL"] == "rediss://ada:***@cache:6380/1"
    without = load_settings({"DOORWARD_REDIS_URL": "redis://cache"})
    assert masked_settings(without)["DOORWARD_REDIS_URL"] == "redis://cache"
