"""The public URL, its path, and the paths that are refused."""

import pytest

from doorward.infrastructure.diagnosis import diagnose_settings
from doorward.infrastructure.settings.public_path import issuer_path
from doorward.infrastructure.settings.settings import load_settings
from doorward.infrastructure.settings.start_refused import StartRefused

PUBLIC_URL, PROXY_PATH = "DOORWARD_PUBLIC_URL", "DOORWARD_PROXY_PATH"


def refusal(public_url: str, proxy_path: str = "either") -> str:
    with pytest.raises(StartRefused) as refused:
        load_settings({PUBLIC_URL: public_url, PROXY_PATH: proxy_path})
    assert str(refused.value).startswith(PUBLIC_URL)
    return str(refused.value)


@pytest.mark.parametrize(
    ("written", "origin", "path"),
    [
        ("https://auth.example.com", "https://auth.example.com", ""),
        ("https://auth.example.com/", "https://auth.example.com", ""),
        ("HTTPS://Example.COM:443/auth", "https://example.com", "/auth"),
        ("https://example.com/auth/", "https://example.com", "/auth"),
        ("https://example.com:8443/Id/v1.0", "https://example.com:8443", "/Id/v1.0"),
        ("http://[::1]:9000/a_b-c~d", "http://[::1]:9000", "/a_b-c~d"),
        ("https://example.com/com", "https://example.com", "/com"),
    ],
)
def test_a_public_url_has_an_origin_and_perhaps_a_path(written: str, origin: str, path: str) -> None:
    found = load_settings({PUBLIC_URL: written})
    assert (found.public_url, found.public_origin, found.public_path) == (origin + path, origin, path)
    assert (found.issuer, issuer_path(found.issuer)) == (origin + path, path)


@pytest.mark.parametrize(
    "path",
    [
        *("//auth", "/a//b", "/..", "/../auth", "/auth/.", "/auth//", "/%61uth", "/a;b", "/auth?", "/auth?x=1"),
        *("/auth#", "/auth#x", "/a" * 9, "/" + "a" * 101, "/ä", "/a b", "/a+b", "/@", "/{auth}"),
    ],
)
def test_a_path_of_the_public_url_has_one_spelling(path: str) -> None:
    """AZ-11: proxies do not agree on the meaning of others."""
    refusal(f"https://example.com{path}")


@pytest.mark.parametrize("path", ["/api", "/api/auth", "/docs"])
def test_a_path_like_that_of_a_route_needs_a_word_about_the_proxy(path: str) -> None:
    """AZ-11: with such a path, a request could be for either of two routes."""
    url = f"https://example.com{path}"
    assert f"{PROXY_PATH}=kept" in refusal(url)
    for proxy_path in ("kept", "stripped"):
        assert load_settings({PUBLIC_URL: url, PROXY_PATH: proxy_path}).public_path == path


@pytest.mark.parametrize("path", ["/health", "/metrics", "/.well-known", "/.well-known/auth", "/healthz", "/readyz/x"])
@pytest.mark.parametrize("proxy_path", ["either", "kept", "stripped"])
def test_no_path_hides_the_routes_of_operators(path: str, proxy_path: str) -> None:
    """AZ-11."""
    assert "write another path, such as /auth" in refusal(f"https://example.com{path}", proxy_path)


@pytest.mark.parametrize(
    ("issuer", "path"),
    [
        ("https://id.example.com/tenant/", "/tenant"),
        ("https://id.example.com", ""),
        ("https://id.example.com/", ""),
        ("urn:doorward:a/b", ""),
        ("https://id.example.com/a/../b", ""),
        ("/auth", ""),
    ],
)
def test_an_issuer_has_a_path_if_it_is_a_web_address(issuer: str, path: str) -> None:
    assert issuer_path(issuer) == path


@pytest.mark.parametrize(("proxy_path", "state"), [("either", "advice"), ("kept", "ok"), ("stripped", "ok")])
def test_doctor_asks_what_the_proxy_does_with_the_path(proxy_path: str, state: str) -> None:
    settings = load_settings({PUBLIC_URL: "https://example.com/auth", PROXY_PATH: proxy_path})
    (found,) = [finding for finding in diagnose_settings(settings) if finding.check == "proxy path"]
    assert found.state == state
    without = load_settings({PUBLIC_URL: "https://example.com"})
    assert "proxy path" not in {finding.check for finding in diagnose_settings(without)}
