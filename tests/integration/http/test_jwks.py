"""The public keys as other services fetch them."""

from functools import partial
from typing import Any

import httpx2
import jwt
import pytest

from doorward.infrastructure.security.jwk import thumbprint
from support.http.database_shell import run_sql
from support.http.raw_http import request, talk
from support.jwt.material import read_header
from support.programs.processes import eventually
from support.programs.server_process import Serve, Server

JWKS = "/.well-known/jwks.json"
MEMBERS = {
    "EC": {"kty", "crv", "x", "y"},
    "OKP": {"kty", "crv", "x"},
    "RSA": {"kty", "n", "e"},
}
ABOUT = {"kid", "alg", "use"}
OTHERS_TAG = '"nobody has this one"'


def keys_of(client: httpx2.Client) -> dict[str, dict[str, Any]]:
    answer = client.get(JWKS)
    assert answer.status_code == 200
    keys: list[dict[str, Any]] = answer.json()["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)
    return {key["kid"]: key for key in keys}


def is_other(client: httpx2.Client, known: dict[str, str]) -> bool:
    return client.get(JWKS, headers=known).status_code == 200


@pytest.fixture
def tag(client: httpx2.Client) -> str:
    """Of the key set as it is: whoever changes keys has a server of their own."""
    return str(client.get(JWKS).headers["etag"])


def test_only_public_members_are_served_with_kid_alg_and_use(serve: Serve) -> None:
    """TK-20: for each kind of key."""
    server = serve()
    for algorithm in ("EdDSA", "RS256"):
        assert server.doorward("keys", "rotate", DOORWARD_KEY_ALGORITHM=algorithm).returncode == 0
    with server.client() as client:
        eventually(lambda: len(keys_of(client)) == 3)
        keys = keys_of(client)
    assert [key["alg"] for key in keys.values()] == ["ES256", "EdDSA", "RS256"]
    for kid, key in keys.items():
        assert set(key) == MEMBERS[key["kty"]] | ABOUT
        assert (key["use"], thumbprint(jwt.PyJWK(key).key)) == ("sig", kid)


def test_a_token_is_verified_with_nothing_but_the_key_set(server: Server, client: httpx2.Client) -> None:
    """TK-20."""
    token = server.admin.token
    found = jwt.PyJWKSet.from_dict(client.get(JWKS).json())[read_header(token)["kid"]]
    claims = jwt.decode(token, found, ["ES256", "EdDSA", "RS256"], audience="doorward", issuer=server.url)
    assert claims["sub"] == server.admin.id


def test_the_answer_may_be_kept_for_five_minutes(client: httpx2.Client) -> None:
    """TK-20, TK-21: so long at most others go on with a key that was revoked."""
    answer = client.get(JWKS)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["etag"].startswith('"')
    assert client.get(JWKS).headers["etag"] == answer.headers["etag"]
    head = client.head(JWKS)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "cache-control", "content-type", "content-length"):
        assert head.headers[name] == answer.headers[name]


@pytest.mark.parametrize("known", ["{tag}", "W/{tag}", "{other}, {tag}", "{other} ,W/{tag},", "*"])
def test_who_has_the_present_keys_is_told_so_and_no_more(client: httpx2.Client, tag: str, known: str) -> None:
    answer = client.get(JWKS, headers={"If-None-Match": known.format(tag=tag, other=OTHERS_TAG)})
    assert (answer.status_code, answer.content) == (304, b"")
    assert (answer.headers["etag"], answer.headers["cache-control"]) == (tag, "public, max-age=300")
    assert "content-type" not in answer.headers


def test_tags_may_come_in_several_lines(server: Server, tag: str) -> None:
    lines = [f"If-None-Match: {each}" for each in (tag, OTHERS_TAG)]
    (answer,) = talk(server, request(f"GET {JWKS} HTTP/1.1", *lines, "Connection: close"))
    assert answer.status == 304


@pytest.mark.parametrize("known", ["{other}", "{bare}", "", "w/{tag}x", '"{bare}', "**", "{other}, *", "é"])
def test_who_has_others_gets_the_present_ones(client: httpx2.Client, tag: str, known: str) -> None:
    value = known.format(tag=tag[:-1], other=OTHERS_TAG, bare=tag.strip('"'))
    answer = client.get(JWKS, headers=[(b"If-None-Match", value.encode())])
    assert answer.status_code == 200
    assert answer.json()["keys"]


def test_a_new_key_is_published_at_once_on_every_node_alike(serve: Serve, shared: dict[str, str]) -> None:
    """TK-21: long before it signs."""
    here, there = serve(**shared), serve(**shared)
    with here.client() as one, there.client() as other:
        before = one.get(JWKS)
        assert other.get(JWKS).headers["etag"] == before.headers["etag"]
        assert here.run("keys", "rotate").returncode == 0
        known = {"If-None-Match": before.headers["etag"]}
        for client in (one, other):
            eventually(partial(is_other, client, known))
        assert one.get(JWKS).content == other.get(JWKS).content != before.content
        assert len(keys_of(one)) == 2
    assert read_header(here.create_user("ada").token)["kid"] == before.json()["keys"][0]["kid"]


def test_a_node_without_keys_says_that_it_cannot_answer_yet(serve: Serve) -> None:
    server = serve()
    run_sql(server, "DELETE FROM signing_keys")
    with server.client() as client:
        eventually(lambda: client.get(JWKS).status_code == 503)
        answer = client.get(JWKS, headers={"If-None-Match": "*"})
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert answer.headers["retry-after"]
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
