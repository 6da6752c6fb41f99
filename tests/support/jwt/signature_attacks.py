from base64 import b64encode
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support.jwt.material import P256_ORDER, Material, b64, compact_json, low, sign, with_s

Tokens = Iterator[tuple[str, str]]


def hmac_confusions(m: Material) -> Tokens:
    public = m.key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secrets = {
        "the public key in PEM": pem,
        "the public key in PEM without its last newline": pem.strip(),
        "the public key in PEM with CRLF": pem.replace(b"\n", b"\r\n"),
        "the public key in DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "the kid": m.kid.encode(),
        "nothing": b"",
        "a usual secret": b"secret",
        "the issuer": str(m.claims["iss"]).encode(),
    }
    if isinstance(m.key, EllipticCurvePrivateKey):
        point = m.key.public_key().public_numbers()
        jwk = {"kty": "EC", "crv": "P-256", "x": b64(point.x.to_bytes(32)), "y": b64(point.y.to_bytes(32))}
        secrets["the raw point"] = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        secrets["the JWK"] = compact_json(jwk)
    for name, secret in secrets.items():
        yield f"HS256 keyed with {name}", m.hmac("HS256", secret)
    yield "HS384 keyed with the public key", m.hmac("HS384", pem)
    yield "HS512 keyed with the public key", m.hmac("HS512", pem)
    content = m.content()
    mac = m.hmac("HS256", pem).rpartition(".")[2]
    yield "our alg over an HMAC", f"{content}.{mac}"


def signatures(m: Material) -> Tokens:
    content, _, last = m.good().rpartition(".")
    good = sign(m.key, content.encode())
    odd = {
        "all zero": bytes(len(good)),
        "all ones": b"\xff" * len(good),
        "one byte": b"\0",
        "without its last byte": good[:-1],
        "without its first byte": good[1:],
        "with a byte more": good + b"\0",
        "with a byte before": b"\0" + good,
        "twice": good + good,
        "half": good[: len(good) // 2],
        "reversed": good[::-1],
        "with a bit flipped": good[:-1] + bytes([good[-1] ^ 1]),
        "of other content": sign(m.key, b"other"),
        "of the payload only": sign(m.key, content.partition(".")[2].encode()),
        "by a stranger": sign(m.stranger, content.encode()),
    }
    if isinstance(m.key, EllipticCurvePrivateKey):
        r, s = good[:32], good[32:]
        odd["malleated to n-s"] = with_s(good, P256_ORDER - low(good))
        odd["in DER"] = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
        odd["with r zero"] = bytes(32) + s
        odd["with s zero"] = r + bytes(32)
        odd["with r of the order"] = P256_ORDER.to_bytes(32) + s
        odd["with s of the order"] = r + P256_ORDER.to_bytes(32)
        odd["with r and s one"] = (1).to_bytes(32) * 2
        odd["with r and s exchanged"] = s + r
        odd["with its halves padded"] = b"\0" + r + b"\0" + s
    for name, signature in odd.items():
        yield f"signature {name}", f"{content}.{b64(signature)}"
    yield "signature padded with =", f"{content}.{last}{'=' * (-len(last) % 4) or '='}"
    yield "signature in plain base64", f"{content}.{b64encode(b'>>>???' + good[6:]).decode()}"


def swaps(m: Material) -> Tokens:
    header, payload, signature = m.good().split(".")
    other_header, other_payload, other_signature = m.token(
        header=dict(reversed(m.header.items())), claims={**m.claims, "sub": "00000000-0000-7000-8000-000000000000"}
    ).split(".")
    yield "another token's header", f"{other_header}.{payload}.{signature}"
    yield "another token's payload", f"{header}.{other_payload}.{signature}"
    yield "another token's signature", f"{header}.{payload}.{other_signature}"
    yield "header and payload exchanged", f"{payload}.{header}.{signature}"
    yield "payload and signature exchanged", f"{header}.{signature}.{payload}"
    yield "reversed", m.good()[::-1]
    yield "in lower case", m.good().lower()
    yield "in capitals", m.good().upper()
    for index in (0, len(header) // 2, len(header) + 2, len(header) + len(payload), -2):
        changed = list(m.good())
        changed[index] = "B" if changed[index] == "A" else "A"
        yield f"character {index} changed", "".join(changed)
