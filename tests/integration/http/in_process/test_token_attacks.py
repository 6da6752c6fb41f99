"""The attack families of TK-01 over the wire, made from a key that the server knows."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from support.http.in_process import App
from support.jwt.corpus import accepted, corpus, sendable
from support.jwt.material import Material, pem_of, read_claims, read_header
from support.programs.processes import eventually


@dataclass(frozen=True, slots=True)
class Target:
    client: httpx2.Client
    material: Material

    def get(self, token: str, header: str = "Authorization") -> httpx2.Response:
        value = f"Bearer {token}" if header == "Authorization" else token
        return self.client.get("/api/test/user", headers={header: value})


@pytest.fixture(scope="module")
def target(server: App) -> Iterator[Target]:
    server.create_user("attacked-ada")
    key = generate_private_key(SECP256R1())
    kid = server.add_signing_key(pem_of(key))
    eventually(lambda: read_header(server.sign_in("attacked-ada").token)["kid"] == kid)
    claims = read_claims(server.sign_in("attacked-ada").token)
    with server.client() as client:
        yield Target(client, Material(key=key, kid=kid, claims={**claims, "jti": str(uuid4())}))


def test_not_one_of_the_attacks_is_accepted_and_all_get_the_same_answer(target: Target) -> None:
    """TK-01, TK-02, TK-04 to TK-14."""
    attacks = [(name, token) for name, token in corpus(target.material) if sendable(token)]
    assert len(attacks) > 150
    for name, token in attacks:
        answer = target.get(token)
        outcome = (answer.status_code, answer.json()["code"], answer.headers["www-authenticate"])
        assert outcome == (401, "invalid_token", 'Bearer error="invalid_token"'), name


def test_the_other_header_is_no_way_around(target: Target) -> None:
    """TK-01."""
    for name, token in corpus(target.material):
        if sendable(token):
            assert target.get(token, "x-access-token").status_code == 401, name


def test_what_is_good_passes(target: Target) -> None:
    """TK-05: so that nothing above passes by refusing everything."""
    for name, token in accepted(target.material):
        if sendable(token):
            assert target.get(token).status_code == 200, name


def test_an_oversize_token_is_refused_before_it_is_read(target: Target) -> None:
    """TK-09: and one that is good but for its length, too."""
    for size in (9_000, 60_000):
        assert target.get("a" * size + ".b.c").status_code in {401, 431}
    assert target.get(target.material.claiming(note="x" * 5_000)).status_code == 200
    assert target.get(target.material.claiming(note="x" * 6_000)).status_code == 401
