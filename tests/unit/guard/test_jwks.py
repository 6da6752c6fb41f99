"""Which members of a key set are used."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256K1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key

from doorward.encoding.strict_json import InvalidJson
from doorward.guard.jwks import ALGORITHMS, read_key_set
from doorward.infrastructure.security.jwk import thumbprint
from support.issuer import KEY, jwk_of
from support.jwt.material import b64, compact_json

GOOD = jwk_of(KEY)
KID = thumbprint(KEY.public_key())
ED25519 = Ed25519PrivateKey.generate()


def read(*jwks: object) -> set[str]:
    """The ids of the keys that are used besides the good one."""
    return set(read_key_set(compact_json({"keys": [GOOD, *jwks]}), ALGORITHMS)) - {KID}


def of_curve(curve: SECP384R1 | SECP256K1, name: str) -> dict[str, object]:
    numbers = generate_private_key(curve).public_key().public_numbers()
    length = (curve.key_size + 7) // 8
    point = {"x": b64(numbers.x.to_bytes(length)), "y": b64(numbers.y.to_bytes(length))}
    return {"kty": "EC", "crv": name, **point, "kid": "other", "alg": "ES256", "use": "sig"}


def test_each_algorithm_of_doorward_is_used() -> None:
    ed25519, rsa = jwk_of(ED25519), jwk_of(generate_rsa_key(65_537, 2048))
    assert read(ed25519, rsa) == {ed25519["kid"], rsa["kid"]}


@pytest.mark.parametrize(
    "jwk",
    [
        pytest.param(None, id="no object"),
        pytest.param({}, id="nothing"),
        pytest.param({**GOOD, "kid": "other", "use": "enc"}, id="for encryption"),
        pytest.param({**GOOD, "kid": 7}, id="kid is no text"),
        pytest.param({**GOOD, "kid": "other", "alg": "RS256"}, id="algorithm of another type"),
        pytest.param({**GOOD, "kid": "other", "alg": "ES384"}, id="algorithm of another curve"),
        pytest.param({**GOOD, "kid": "other", "alg": "HS256"}, id="algorithm of secrets"),
        pytest.param({**GOOD, "kid": "other", "alg": ["ES256"]}, id="algorithm is no text"),
        pytest.param({**GOOD, "kid": "other", "x": "AA"}, id="half a point"),
        pytest.param({**GOOD, "kid": "other", "y": GOOD["x"]}, id="a point beside the curve"),
        pytest.param({"kty": "oct", "k": "AAAA", "kid": "other", "alg": "HS256", "use": "sig"}, id="a secret"),
        pytest.param({"kty": "oct", "k": "AAAA", "kid": "other", "alg": "ES256", "use": "sig"}, id="a secret as ES256"),
        pytest.param(jwk_of(ED25519, kid="other", d=b64(ED25519.private_bytes_raw())), id="a private key"),
        pytest.param(of_curve(SECP384R1(), "P-384"), id="P-384"),
        pytest.param(of_curve(SECP256K1(), "secp256k1"), id="secp256k1"),
        pytest.param(jwk_of(generate_rsa_key(65_537, 1024), kid="other"), id="RSA of 1,024 bits"),
    ],
)
def test_what_cannot_verify_our_tokens_is_left_out(jwk: object) -> None:
    """TK-19, TK-20."""
    assert read(jwk) == set()


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys":{}}', b'{"keys":[]}', b'{"keys":[],"keys":[]}'])
def test_a_document_without_keys_is_refused(document: bytes) -> None:
    with pytest.raises((InvalidJson, ValueError)):
        read_key_set(document, ALGORITHMS)


def test_keys_of_algorithms_that_were_not_chosen_are_left_out() -> None:
    """TK-02."""
    document = compact_json({"keys": [GOOD, jwk_of(ED25519)]})
    assert set(read_key_set(document, ["ES256"])) == {KID}
    with pytest.raises(ValueError, match="no key for RS256"):
        read_key_set(document, ["RS256"])
