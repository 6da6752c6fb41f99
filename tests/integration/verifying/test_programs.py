"""What docs/verifying-tokens.md says, run as it stands there: each program against the real service."""

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from time import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support.http.service import Account
from support.jwt.material import Material, read_claims, read_header
from support.programs.processes import eventually
from support.programs.server_process import Server, running
from support.programs.verifiers import Program, Verifier, blocks

NUMBERS = count()


def test_good_tokens_are_accepted(verifier: Verifier, server: Server, material: Material) -> None:
    ada = server.sign_in("ada")
    assert verifier.says(ada.token) == f"accepted {ada.id}"
    assert verifier.says(material.good()) == f"accepted {ada.id}"


def test_bad_tokens_are_refused(verifier: Verifier, material: Material) -> None:
    """TK-02, TK-04, TK-05, TK-06, TK-07, TK-08, TK-14."""
    good = material.good()
    assert verifier.accepts(good)
    for what, token in bad_tokens(material).items():
        assert not verifier.accepts(token), what
    assert verifier.accepts(good), "and none of them did any harm"


def bad_tokens(material: Material) -> Mapping[str, str]:
    head, payload, signature = material.good().split(".")
    _, other_payload, _ = material.claiming(roles=["admin"]).split(".")
    public = material.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    now = int(time())
    unsigned, _, _ = material.heading(alg="none").split(".")
    return {
        "expired": material.claiming(iat=now - 900, exp=now - 60),
        "without an end": material.without("exp"),
        "an end that is no number": material.claiming(exp="tomorrow"),
        "from the future": material.claiming(iat=now + 60),
        "another audience": material.claiming(aud="somebody else"),
        "another audience besides": material.claiming(aud=["doorward", "somebody else"]),
        "another issuer": material.claiming(iss="https://auth.example.net"),
        "no session": material.without("sid"),
        "no epoch": material.without("epoch"),
        "no subject": material.without("sub"),
        "tampered": f"{head}.{other_payload}.{signature}",
        "no signature": f"{head}.{payload}.",
        "alg none": f"{unsigned}.{payload}.",
        "alg none, signed": material.heading(alg="none"),
        "another algorithm": material.heading(alg="ES384"),
        "the public key as a secret": material.hmac("HS256", public),
        "of another type": material.heading(typ="JWT"),
        "of the list's type": material.heading(typ="revocations+jwt"),
        "by a key of somebody else's": material.token(by=material.stranger),
        "by an unknown key": material.heading(kid="nobody's"),
        "critical extensions": material.heading(crit=["exp"]),
        "four parts": f"{head}.{payload}.{signature}.{signature}",
        "nothing": "",
    }


def test_the_list_is_no_access_token_and_an_access_token_is_no_list(
    verifier: Verifier, server: Server, material: Material
) -> None:
    """TK-24."""
    listed = server.request("GET", "/.well-known/revocations").text
    assert verifier.accepts(listed, "list")
    assert not verifier.accepts(listed)
    assert not verifier.accepts(material.good(), "list")
    forged = {**read_claims(listed), "accounts": [{"sub": material.claims["sub"], "epoch": 99, "exp": 9_999_999_999}]}
    header = {**material.header, "typ": "revocations+jwt"}
    assert not verifier.accepts(material.token(header, forged, by=material.stranger), "list")
    assert verifier.accepts(material.good())
    assert verifier.accepts(material.token(header, forged), "list"), "signed by the service's own key it would count"
    assert not verifier.accepts(material.good())


def test_what_has_ended_is_refused_and_nothing_else(verifier: Verifier, server: Server) -> None:
    """TK-16."""
    name = f"leaving{next(NUMBERS)}"
    this, other = server.create_user(name), server.sign_in(name)
    assert verifier.accepts(this.token)
    assert verifier.accepts(other.token)
    post(server, "signout", this)
    eventually(lambda: not verifier.accepts(this.token))
    assert verifier.accepts(other.token)
    post(server, "signout-all", other)
    eventually(lambda: not verifier.accepts(other.token))
    assert verifier.accepts(server.sign_in(name).token)


def post(server: Server, what: str, account: Account) -> None:
    answer = server.request("POST", f"/api/auth/{what}", headers=account.bearer)
    assert answer.status_code == 204


@pytest.mark.parametrize(
    ("by", "algorithm", "changes"),
    [("guard", "EdDSA", {}), ("jsonwebtoken", "RS256", {'["ES256"]': '["RS256"]'})],
)
def test_other_algorithms_are_chosen_by_configuration_alone(
    by: str, algorithm: str, changes: Mapping[str, str], program: Program, tmp_path: Path, material: Material
) -> None:
    """TK-02."""
    with running(tmp_path / "issuer", key_algorithm=algorithm) as server:
        ada = server.create_user("ada")
        assert read_header(ada.token)["alg"] == algorithm
        with program(by, server, changes) as verifier:
            assert verifier.says(ada.token) == f"accepted {ada.id}"
            assert not verifier.accepts(material.claiming(iss=server.url))


def test_strangers_do_not_make_it_fetch_keys(verifier: Verifier, server: Server, material: Material) -> None:
    """TK-13."""
    assert verifier.accepts(material.good())
    before = fetches_of_keys(server)
    assert not any(verifier.accepts(material.heading(kid=f"nobody's {number}")) for number in range(50))
    eventually(lambda: fetches_of_keys(server) >= before)
    assert fetches_of_keys(server) - before <= 5


def fetches_of_keys(server: Server) -> float:
    counts = server.request("GET", "/metrics").text
    lines = [line for line in counts.splitlines() if "_total{" in line and '"/.well-known/jwks.json"' in line]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def test_the_document_shows_the_list_as_it_is(server: Server) -> None:
    """Its example has the members that the service gives, and no others."""
    (example,) = (json.loads(block) for block in blocks("json"))
    post(server, "signout", server.create_user("ada-of-the-example"))
    post(server, "signout-all", server.create_user("bob-of-the-example"))
    listed = read_claims(server.request("GET", "/.well-known/revocations").text)
    assert shape(listed) == shape(example)


def shape(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {name: set(value[0]) if isinstance(value, list) else type(value) for name, value in claims.items()}
