"""What is needed to make good access tokens and, from them, bad ones. Independent of the code that reads them."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

Key = EllipticCurvePrivateKey | Ed25519PrivateKey | RSAPrivateKey


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def read_header(token: str) -> dict[str, Any]:
    return read_segment(token, 0)


def read_claims(token: str) -> dict[str, Any]:
    """What a token says, whoever signed it."""
    return read_segment(token, 1)


def read_segment(token: str, number: int) -> dict[str, Any]:
    segment = token.split(".")[number]
    read: dict[str, Any] = json.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return read


def compact_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def pem_of(key: PrivateKeyTypes) -> bytes:
    """As `doorward keys add` takes it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def algorithm_of(key: Key) -> str:
    if isinstance(key, EllipticCurvePrivateKey):
        return "ES256"
    return "EdDSA" if isinstance(key, Ed25519PrivateKey) else "RS256"


def sign(key: Key, content: bytes) -> bytes:
    signature = jwt.get_algorithm_by_name(algorithm_of(key)).sign(content, key)
    return with_s(signature, low(signature)) if isinstance(key, EllipticCurvePrivateKey) else signature


def low(signature: bytes) -> int:
    s = int.from_bytes(signature[32:])
    return min(s, P256_ORDER - s)


def with_s(signature: bytes, s: int) -> bytes:
    return signature[:32] + s.to_bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A private key that the service knows by `kid`, and claims that it would accept under it right now."""

    key: Key
    kid: str
    claims: Mapping[str, object]
    trap: str = "http://127.0.0.1:9/keys.json"
    """Where `jku` and `x5u` point: somewhere that notices when somebody calls."""

    stranger: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    """A key that the service does not know."""

    @property
    def algorithm(self) -> str:
        return algorithm_of(self.key)

    @property
    def header(self) -> dict[str, object]:
        return {"alg": self.algorithm, "typ": "at+jwt", "kid": self.kid}

    @property
    def now(self) -> int:
        """When the good token was issued."""
        issued = self.claims["iat"]
        assert isinstance(issued, int)
        return issued

    def good(self) -> str:
        return self.token()

    def token(self, header: Mapping[str, object] | None = None, claims: object = None, *, by: Key | None = None) -> str:
        """Signed by the known key, or by another."""
        payload = self.claims if claims is None else claims
        return self.raw(compact_json(self.header if header is None else header), compact_json(payload), by=by)

    def raw(self, header: bytes, payload: bytes, *, by: Key | None = None) -> str:
        content = f"{b64(header)}.{b64(payload)}"
        return f"{content}.{b64(sign(by or self.key, content.encode()))}"

    def claiming(self, **claims: object) -> str:
        return self.token(claims={**self.claims, **claims})

    def heading(self, **members: object) -> str:
        return self.token(header={**self.header, **members})

    def without(self, claim: str) -> str:
        return self.token(claims={name: value for name, value in self.claims.items() if name != claim})

    def content(self, **members: object) -> str:
        """What is signed: header and payload."""
        return f"{b64(compact_json({**self.header, **members}))}.{b64(compact_json(self.claims))}"

    def hmac(self, algorithm: str, secret: bytes) -> str:
        """What somebody makes who knows the public key and hopes that it is taken for a secret."""
        digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
        content = self.content(alg=algorithm)
        return f"{content}.{b64(hmac.new(secret, content.encode(), digest).digest())}"
