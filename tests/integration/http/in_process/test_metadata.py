"""What we tell programs of ourselves (RFC 8414)."""

import httpx2
import pytest

from support.http.in_process import App, ServeApp
from support.http.service import INTROSPECT, REVOKE
from support.jwt.material import read_claims

METADATA = "/.well-known/oauth-authorization-server"


def test_the_metadata_names_what_there_is_and_nothing_else(client: httpx2.Client, server: App) -> None:
    answer = client.get(METADATA)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == "*"
    found = answer.json()
    assert found["introspection_endpoint"] == server.url + INTROSPECT
    assert found["revocation_endpoint"] == server.url + REVOKE
    assert found["jwks_uri"] == server.url + "/.well-known/jwks.json"
    assert found["doorward_revocations_uri"] == server.url + "/.well-known/revocations"
    for kind in ("introspection", "revocation"):
        assert found[f"{kind}_endpoint_auth_methods_supported"] == ["client_secret_basic"]
    assert (found["response_types_supported"], found["grant_types_supported"]) == ([], [])
    assert found["issuer"] == read_claims(server.admin.token)["iss"]
    for name, address in found.items():
        if name.endswith(("_endpoint", "_uri")):
            assert client.get(address).status_code == (405 if name.endswith("_endpoint") else 200), name


@pytest.mark.served
def test_the_metadata_goes_by_the_settings_and_never_by_the_request(serve: ServeApp) -> None:
    """HT-09: whatever name a request uses."""
    address, issuer = "https://auth.example.org:8443", "https://id.example.org/tenant"
    server = serve(public_url=address, issuer=issuer, allowed_hosts="other.example")
    with server.client() as client:
        for host in ("other.example", "other.example:99", "127.0.0.1"):
            answer = client.get(METADATA, headers={"Host": host, "X-Forwarded-Host": "evil.example"})
            assert answer.json()["issuer"] == issuer
            assert answer.json()["revocation_endpoint"] == address + REVOKE
            assert host not in answer.text
            assert "evil" not in answer.text
