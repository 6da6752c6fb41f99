"""Request targets in absolute form and with a fragment, as they arrive through Granian (docs/decisions/targets.md)."""

import pytest

from support.http.raw_http import CANARY, request, talk
from support.programs.server_process import Server

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
"""What happens before the application does not depend on its database."""

METADATA = "/.well-known/oauth-authorization-server"
PLACES = ["http://evil.example", "https://evil.example:8443", "http://user:word@evil.example", "HTTP://EVIL.EXAMPLE"]


@pytest.mark.parametrize("place", PLACES)
def test_of_an_absolute_target_only_the_path_counts(server: Server, place: str) -> None:
    """HT-18: the server does not tell whom the target names, so the Host header decides."""
    line = f"GET {place}/api/test/all HTTP/1.1"
    first, _ = talk(server, request(line), CANARY)
    assert (first.status, first.body) == (200, b"Public Content.")
    (refused,) = talk(server, request(line, host="evil.example"))
    assert refused.status == 421


@pytest.mark.parametrize("place", PLACES)
def test_the_host_of_a_target_takes_the_place_of_a_missing_header(server: Server, place: str) -> None:
    """HT-18: and must be one of the service's own, too."""
    (refused,) = talk(server, request(f"GET {place}/api/test/all HTTP/1.1", host=None))
    assert refused.status in {400, 421}
    first, _ = talk(server, request("GET http://127.0.0.1/api/test/all HTTP/1.1", host=None), CANARY)
    assert (first.status, first.body) == (200, b"Public Content.")


@pytest.mark.parametrize("place", PLACES)
def test_no_answer_is_made_of_the_host_of_a_target(server: Server, place: str) -> None:
    """HT-18: what names addresses names the service's own, as without the foreign host."""
    (usual, _) = talk(server, request(f"GET {METADATA} HTTP/1.1"), CANARY)
    (asked, _) = talk(server, request(f"GET {place}{METADATA} HTTP/1.1"), CANARY)
    assert (asked.status, asked.body) == (200, usual.body)
    for path in ("/api/test/user", "/nowhere"):
        answers = talk(server, request(f"GET {place}{path} HTTP/1.1"), CANARY)
        assert all("evil.example" not in f"{each.headers}{each.body!r}".lower() for each in answers)


def test_an_allowed_host_in_the_target_does_not_help_a_foreign_host_header(server: Server) -> None:
    """HT-18."""
    line = f"GET http://127.0.0.1:{server.port}/api/test/all HTTP/1.1"
    (refused,) = talk(server, request(line, host="evil.example"))
    assert refused.status == 421


def test_granian_drops_the_fragment_of_a_target(server: Server) -> None:
    """HT-18: the edge would refuse the fragment, but the server does not pass it on."""
    first, _ = talk(server, request("GET /api/test/all#part HTTP/1.1"), CANARY)
    assert (first.status, first.body) == (200, b"Public Content.")
    guarded, _ = talk(server, request("GET /api/test/all#/../../test/admin HTTP/1.1"), CANARY)
    assert guarded.body == b"Public Content."
