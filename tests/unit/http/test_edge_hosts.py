"""The rules for the Host header, and what the log says about a host that is refused."""

import pytest
from structlog.testing import capture_logs

from doorward.interfaces.http.edge.hosts import MAX_CACHED_HOSTS, AllowedHosts
from doorward.interfaces.http.errors.refusals import InvalidHost, MisdirectedRequest
from doorward.testing.doubles import FrozenClock
from support.http.edge_driver import HOST, Application, Header, ask

OUR_NAMES = [
    b"auth.example.org",
    b"AUTH.Example.ORG",
    b"auth.example.org:8443",
    b"auth.example.org.",
    b"Auth.example.org.:443",
    b"127.0.0.1:8080",
    b"[::1]",
    b"[::1]:8080",
]
OTHER_NAMES = {
    b"evil.example": "misdirected_request",
    b"auth.example.org.evil.example": "misdirected_request",
    b"xauth.example.org": "misdirected_request",
    b"authXexample.org": "misdirected_request",
    b"127.0.0.2": "misdirected_request",
    b"[::2]:8080": "misdirected_request",
    b"auth.example.org..": "misdirected_request",
    b"": "invalid_host",
    b"auth.example.org:": "invalid_host",
    b"auth.example.org:http": "invalid_host",
    b"auth.example.org:1:2": "invalid_host",
    b"user@auth.example.org": "invalid_host",
    b"auth.example.org/path": "invalid_host",
    b"auth.example.org, evil.example": "invalid_host",
    b"auth.example.org evil.example": "invalid_host",
    b"\xc3\xa9.example": "invalid_host",
    b"[::1": "invalid_host",
}


async def test_an_allowed_host_is_recognised_with_port_case_and_trailing_dot() -> None:
    """HT-09."""
    statuses = {name: (await ask(Application(), host=[(b"host", name)])).status for name in OUR_NAMES}
    assert statuses == dict.fromkeys(OUR_NAMES, 200)


async def test_another_host_is_refused() -> None:
    """HT-09."""
    app = Application()
    replies = {name: await ask(app, host=[(b"host", name)]) for name in OTHER_NAMES}
    assert {name: reply.code for name, reply in replies.items()} == OTHER_NAMES
    assert {reply.status for reply in replies.values() if reply.code == "misdirected_request"} == {421}
    assert {reply.status for reply in replies.values() if reply.code == "invalid_host"} == {400}
    assert not app.seen


@pytest.mark.parametrize("hosts", [[], [HOST, HOST], [HOST, (b"host", b"evil.example")]])
async def test_no_host_and_two_hosts_are_a_bad_request(hosts: list[Header]) -> None:
    """HT-09."""
    reply = await ask(Application(), host=hosts)
    assert (reply.status, reply.code) == (400, "invalid_host")


@pytest.mark.parametrize("hosts", [[], [(b"host", b"10.1.2.3:8080")], [(b"host", b'"?"')]])
async def test_health_checks_may_use_any_host(hosts: list[Header]) -> None:
    app = Application()
    assert (await ask(app, path="/health/live", host=hosts)).status == 200
    assert all(name != b"host" for name, _ in app.scope["headers"])


def test_the_number_of_cached_host_spellings_is_limited() -> None:
    hosts = AllowedHosts(["auth.example.org"])
    for port in range(2000):
        hosts.check(f"auth.example.org:{port}".encode())
    assert hosts.check.cache_info().currsize == MAX_CACHED_HOSTS == 256


def test_refused_hosts_are_not_cached() -> None:
    hosts = AllowedHosts(["auth.example.org"])
    for number in range(10):
        with pytest.raises(MisdirectedRequest):
            hosts.check(f"evil{number}.example".encode())
    assert hosts.check.cache_info().currsize == 0


def test_a_refused_host_is_logged_once_a_second_with_the_settings_that_would_allow_it() -> None:
    """LG-05."""
    clock = FrozenClock()
    hosts = AllowedHosts(["auth.example.org"], clock.monotonic)
    with capture_logs() as lines:
        for seconds in (0, 0.5, 0.5, 0):
            clock.move(seconds)
            with pytest.raises(MisdirectedRequest):
                hosts.check(b"Login.example.com:8443")
        with pytest.raises(InvalidHost):
            hosts.check(b"not a host")
    assert [(line["event"], line["log_level"], line["host"]) for line in lines] == [
        ("host_refused", "warning", "login.example.com")
    ] * 2
    assert "DOORWARD_PUBLIC_URL" in lines[0]["hint"]
    assert "DOORWARD_ALLOWED_HOSTS" in lines[0]["hint"]


def test_a_long_name_of_a_host_is_cut_in_the_log() -> None:
    hosts = AllowedHosts(["auth.example.org"])
    with capture_logs() as lines, pytest.raises(MisdirectedRequest):
        hosts.check(b"a" * 8_000)
    assert [len(line["host"]) for line in lines] == [253]
