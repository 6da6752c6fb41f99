import os
from ipaddress import ip_network
from pathlib import Path

import pytest

from doorward.domain.access.principal import MAX_ACCESS_TOKEN_LIFETIME, MAX_TUTORIAL_ACCESS_TOKEN_LIFETIME
from doorward.infrastructure.settings.descriptions import describe_settings
from doorward.infrastructure.settings.loading import load_settings
from doorward.infrastructure.settings.masking import masked_settings
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.start_refused import StartRefused

SECRET = "t0p-of-the-class/7Jx2QmZk9sVbN4wLr8"
PUBLIC = {"DOORWARD_HOST": "0.0.0.0"}
SAFE = {**PUBLIC, "DOORWARD_SECRET_KEY": SECRET, "DOORWARD_PUBLIC_URL": "https://auth.example.com"}


def settings(**values: str) -> Settings:
    return load_settings({f"DOORWARD_{name.upper()}": value for name, value in values.items()})


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(StartRefused) as refused:
        load_settings(environ)
    line = str(refused.value)
    assert "\n" not in line
    return line


def test_nothing_needs_to_be_set() -> None:
    found = load_settings({})
    assert (found.host, found.port, found.workers, found.dialect) == ("127.0.0.1", 8080, 1, "standard")
    assert found.data_dir == Path.cwd() / "var"
    assert found.database_url == f"sqlite:///{Path.cwd()}/var/doorward.db"
    assert found.public_url == found.issuer == "http://127.0.0.1:8080"
    assert found.cors_origins == frozenset()
    assert found.hash_threads == (os.cpu_count() or 1)
    assert found.hash_queue == 32 * found.hash_threads
    assert not found.https


def test_the_tutorial_dialect_has_a_shorter_password_unless_its_length_is_set() -> None:
    assert settings().password_min_length == 15
    assert settings(dialect="tutorial").password_min_length == 8
    assert settings(dialect="tutorial", password_min_length="12").password_min_length == 12


def test_the_issuer_is_the_public_url_unless_it_is_set() -> None:
    assert settings(public_url="https://auth.example.com").issuer == "https://auth.example.com"
    assert settings(public_url="https://auth.example.com", issuer="urn:doorward").issuer == "urn:doorward"
    assert settings(port="9000").issuer == "http://127.0.0.1:9000"


def test_a_bare_port_counts_and_the_one_with_the_prefix_wins() -> None:
    assert load_settings({"PORT": "9000"}).port == 9000
    assert load_settings({"PORT": "9000", "DOORWARD_PORT": "9001"}).port == 9001


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "eighty"),
        ("PORT", ""),
        ("HOST", "example.com"),
        ("WORKERS", "0"),
        ("DATABASE_POOL_SIZE", "1"),
        ("WORKERS", "2.5"),
        ("ACCESS_TOKEN_SECONDS", "59"),
        ("ACCESS_TOKEN_SECONDS", "901"),
        ("PASSWORD_MIN_LENGTH", "7"),
        ("PASSWORD_MIN_LENGTH", "65"),
        ("DIALECT", "Standard"),
        ("LOG_LEVEL", "verbose"),
        ("LOG_FORMAT", "xml"),
        ("DOCS", "maybe"),
        ("BEHIND_TLS_PROXY", "yes please"),
        ("DATABASE_URL", "postgres://somewhere/db"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", ""),
        ("SECRET_KEY", ""),
        ("PUBLIC_URL", "auth.example.com"),
        ("PUBLIC_URL", "https://who@auth.example.com"),
        ("PUBLIC_URL", "https://auth.example.com:99999"),
        ("ALLOWED_HOSTS", "https://auth.example.com"),
        ("ALLOWED_HOSTS", "auth.example.com:443"),
        ("ALLOWED_HOSTS", "*"),
        ("TRUSTED_PROXIES", "proxy"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("ISSUER", "with blanks in it"),
        ("AUDIENCE", "line\nend"),
    ],
)
def test_a_bad_value_refuses_to_start_in_one_line_that_names_the_variable(name: str, value: str) -> None:
    assert f"DOORWARD_{name}" in refusal({f"DOORWARD_{name}": value})


def test_no_access_token_lives_longer_than_what_is_reckoned_with() -> None:
    """Keys are forgotten, and ends too, when the longest token is out."""
    longest = int(MAX_ACCESS_TOKEN_LIFETIME.total_seconds())
    assert settings(access_token_seconds=str(longest)).access_token_seconds == longest
    assert "DOORWARD_ACCESS_TOKEN_SECONDS" in refusal({"DOORWARD_ACCESS_TOKEN_SECONDS": str(longest + 1)})
    assert settings(access_token_seconds="60").longest_token_lifetime == MAX_ACCESS_TOKEN_LIFETIME


def test_only_in_the_tutorial_dialect_an_access_token_may_live_for_a_day() -> None:
    """For clients that cannot refresh."""
    found = settings(access_token_seconds="1d", dialect="tutorial")
    assert found.access_token_seconds == 86_400
    assert found.longest_token_lifetime == MAX_TUTORIAL_ACCESS_TOKEN_LIFETIME
    day, advice = {"DOORWARD_ACCESS_TOKEN_SECONDS": "86400"}, "write a whole number from 60 to 900; up to 86400 is for"
    assert f"DOORWARD_ACCESS_TOKEN_SECONDS: {advice} DOORWARD_DIALECT=tutorial only." == refusal(day)
    for seconds, dialect in (("86401", "tutorial"), ("86401", "standard"), ("901", "standard")):
        line = refusal({"DOORWARD_ACCESS_TOKEN_SECONDS": seconds, "DOORWARD_DIALECT": dialect})
        assert advice in line


def test_a_bad_bare_port_is_named_as_it_was_written() -> None:
    assert refusal({"PORT": "eighty"}).startswith("PORT:")


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("DOORWARD_PROT", "did you mean DOORWARD_PORT?"),
        ("DOORWARD_SECRETKEY", "did you mean DOORWARD_SECRET_KEY?"),
        ("doorward_port", "did you mean DOORWARD_PORT?"),
        ("DOORWARD_PORT_FILE", "did you mean DOORWARD_PORT?"),
        ("DOORWARD_XYZZY", "docs/settings.md"),
    ],
)
def test_an_unknown_name_refuses_to_start_and_tells_what_was_meant(variable: str, meant: str) -> None:
    line = refusal({variable: "8080"})
    assert variable in line
    assert meant in line


def test_names_without_the_prefix_are_somebody_elses() -> None:
    assert load_settings({"HOST": "0.0.0.0", "DATABASE_URL": "x", "PATH": "/bin"}).host == "127.0.0.1"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "2001:db8::7"])
def test_outside_loopback_a_secret_is_required(host: str) -> None:
    """OP-05."""
    line = refusal({"DOORWARD_HOST": host, "DOORWARD_BEHIND_TLS_PROXY": "true"})
    assert "DOORWARD_SECRET_KEY" in line


def test_outside_loopback_tls_is_required() -> None:
    """OP-05."""
    keyed = {**PUBLIC, "DOORWARD_SECRET_KEY": SECRET}
    for without in (keyed, {**keyed, "DOORWARD_PUBLIC_URL": "http://auth.example.com"}):
        line = refusal(without)
        assert "DOORWARD_PUBLIC_URL" in line
        assert "DOORWARD_BEHIND_TLS_PROXY" in line
        assert SECRET not in line
    assert load_settings({**keyed, "DOORWARD_BEHIND_TLS_PROXY": "true"}).https
    assert load_settings({**keyed, "DOORWARD_PUBLIC_URL": "https://auth.example.com"}).https


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_on_loopback_neither_is(host: str) -> None:
    """OP-05."""
    assert load_settings({"DOORWARD_HOST": host}).secret_key is None


def test_the_hosts_answered_to_are_the_public_one_those_given_and_loopback_while_it_is_listened_on() -> None:
    assert settings().allowed_hosts == {"localhost", "127.0.0.1", "::1", "[::1]"}
    given = load_settings({**SAFE, "DOORWARD_ALLOWED_HOSTS": "Login.Example.COM., internal , [2001:DB8::1]"})
    assert given.allowed_hosts == {
        *settings().allowed_hosts,
        "auth.example.com",
        "login.example.com",
        "internal",
        "[2001:db8::1]",
    }
    at_one_address = load_settings({**SAFE, "DOORWARD_HOST": "192.0.2.7"})
    assert at_one_address.allowed_hosts == {"auth.example.com", "192.0.2.7"}


def test_origins_are_taken_exactly() -> None:
    """CO-02."""
    found = settings(cors_origins="https://app.example.com, http://localhost:5173,https://[2001:db8::1]:8443")
    assert found.cors_origins == {"https://app.example.com", "http://localhost:5173", "https://[2001:db8::1]:8443"}


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "https://*.example.com",
        "https://app.example.com/",
        "https://app.example.com/path",
        "https://app.example.com?x=1",
        "https://app.example.com:443",
        "https://APP.example.com",
        "https://user@app.example.com",
        "app.example.com",
        "file://app",
        "https://app.example.com https://b.example.com",
        "https://äpp.example.com",
    ],
)
def test_what_is_no_exact_origin_refuses_to_start(origin: str) -> None:
    """CO-02."""
    line = refusal({"DOORWARD_CORS_ORIGINS": f"https://ok.example.com,{origin}"})
    assert line.startswith("DOORWARD_CORS_ORIGINS")


def test_trusted_proxies_are_addresses_and_networks() -> None:
    found = settings(trusted_proxies="10.0.0.7, 10.1.0.0/16,2001:db8::/32").trusted_proxies
    assert found == (ip_network("10.0.0.7"), ip_network("10.1.0.0/16"), ip_network("2001:db8::/32"))


def test_every_setting_is_described() -> None:
    described = describe_settings()
    assert [each.name for each in described] == list(masked_settings(settings()))
    for name, default, meaning in described:
        assert default, name
        assert meaning.endswith("."), name
        assert "|" not in default + meaning, name
