import json
from base64 import b64encode
from collections.abc import Iterator, Mapping

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support.jwt.material import Material, b64, compact_json

Tokens = Iterator[tuple[str, str]]


def algorithms(m: Material) -> Tokens:
    for name in ("none", "None", "NONE", "nOnE", "none ", "", "null"):
        yield f"alg {name!r}, signed", m.heading(alg=name)
        yield f"alg {name!r}, signature of one byte", f"{m.content(alg=name)}.AA"
        yield f"alg {name!r}, no signature", f"{m.content(alg=name)}."
    for odd in (None, True, False, 0, 1, 256, [], {}, ["none"], [m.algorithm], {"alg": m.algorithm}):
        yield f"alg {json.dumps(odd)}", m.heading(alg=odd)
    others = "es256 Es256 ES256K ES384 ES512 RS256 RS384 RS512 PS256 PS384 PS512 HS256 HS384 HS512 EdDSA eddsa Ed25519 "
    others += "ES256 ECDSA SHA256withECDSA ecdsa-sha2-nistp256 A128KW dir RSA-OAEP none,ES256 * default"
    for other in others.split():
        if other != m.algorithm:
            yield f"alg {other}", m.heading(alg=other)
    for blank in (" ", "\t", "\n", "\0", "\u200b"):
        yield f"alg with {blank!r} before", m.heading(alg=blank + m.algorithm)
        yield f"alg with {blank!r} behind", m.heading(alg=m.algorithm + blank)
    yield "alg missing", m.token(header={"typ": "at+jwt", "kid": m.kid})
    body, payload = compact_json(m.header)[1:-1], compact_json(m.claims)
    yield "alg twice, the good one last", m.raw(b'{"alg":"none",' + body + b"}", payload)
    yield "alg twice, the good one first", m.raw(b"{" + body + b',"alg":"none"}', payload)
    yield "alg twice, both good", m.raw(b"{" + body + b',"alg":"' + m.algorithm.encode() + b'"}', payload)
    yield "alg twice, once escaped", m.raw(b"{" + body + rb',"\u0061lg":"none"}', payload)


def headers(m: Material) -> Tokens:
    jwk: dict[str, object] = {"kty": "EC", "crv": "P-256"}
    point = m.stranger.public_key().public_numbers()
    jwk |= {"x": b64(point.x.to_bytes(32)), "y": b64(point.y.to_bytes(32))}
    certificate = b64encode(m.stranger.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    strange: Mapping[str, object] = {**m.header, "alg": "ES256"}
    extra: dict[str, object] = {"jwk": jwk, "jku": m.trap, "x5u": m.trap, "x5c": [certificate.decode()]}
    extra |= {"x5t": "AA", "x5t#S256": "AA"}
    for name, value in extra.items():
        yield f"{name} in the header", m.heading(**{name: value})
        yield f"{name} in the header, signed by its key", m.token(header={**strange, name: value}, by=m.stranger)
        without_kid = {member: strange[member] for member in ("alg", "typ")}
        yield f"{name} instead of kid", m.token(header={**without_kid, name: value}, by=m.stranger)
    crits: list[object] = [["exp"], ["b64"], [], [""], "exp", None, {}, ["crit"], ["kid"], 1]
    for crit in crits:
        yield f"crit {json.dumps(crit)}", m.heading(crit=crit)
    yield "crit naming a member that is there", m.heading(crit=["urn:x"], **{"urn:x": 1})
    for name, value in (
        ("b64", True),
        ("b64", False),
        ("zip", "DEF"),
        ("cty", "JWT"),
        ("enc", "A256GCM"),
        ("epk", jwk),
    ):
        yield f"{name} {json.dumps(value)[:8]}", m.heading(**{name: value})
    yield "any other member", m.heading(hello="world")
    payload = compact_json(m.claims)
    for name, raw in (
        ("an array", b"[]"),
        ("a string", b'"ES256"'),
        ("null", b"null"),
        ("an empty object", b"{}"),
        ("no JSON", b"{"),
        ("single quotes", compact_json(m.header).replace(b'"', b"'")),
        ("a comma too many", compact_json(m.header)[:-1] + b",}"),
        ("a comment", b"/**/" + compact_json(m.header)),
        ("NUL behind", compact_json(m.header) + b"\0"),
        ("two objects", compact_json(m.header) * 2),
        ("UTF-16", json.dumps(m.header).encode("utf-16")),
        ("a byte order mark", b"\xef\xbb\xbf" + compact_json(m.header)),
        ("invalid UTF-8", compact_json(m.header)[:-1] + b',"x":"\xff"}'),
        ("nesting", b'{"x":' + b"[" * 300 + b"]" * 300 + b"}"),
        ("over 1 KiB of blanks", b" " * 1024 + compact_json(m.header)),
    ):
        yield f"header as {name}", m.raw(raw, payload)


def kids(m: Material) -> Tokens:
    odd: list[object] = ["", " ", m.kid + " ", " " + m.kid, m.kid + "\0", m.kid[:-1], m.kid + "A", m.kid.swapcase()]
    odd += ["../../../../dev/null", "/etc/passwd", "' OR '1'='1", "x' UNION SELECT 'AA", "|whoami", "$(id)", "\r\nX: y"]
    odd += ["null", "0", "%00", "*", "A" * 43, m.trap, "A" * 900, m.kid + "\u200b", "\u212a" + m.kid[1:]]
    odd += [None, 0, 1, True, [], [m.kid], {}, {"kid": m.kid}]
    for kid in odd:
        yield f"kid {json.dumps(kid)[:60]}", m.heading(kid=kid)
    yield "kid of 100 kB", m.heading(kid="A" * 100_000)
    yield "kid missing", m.token(header={"alg": m.algorithm, "typ": "at+jwt"})
    body, payload = compact_json(m.header)[1:-1], compact_json(m.claims)
    yield "kid twice", m.raw(b"{" + body + b',"kid":"other"}', payload)
    yield "kid of ours, key of a stranger", m.token(header={**m.header, "alg": "ES256"}, by=m.stranger)


def types(m: Material) -> Tokens:
    wrong: list[object] = [
        "JWT",
        "jwt",
        "at",
        "at+jwt ",
        " at+jwt",
        "at+jws",
        "at-jwt",
        "rt+jwt",
        "refresh+jwt",
        "id+jwt",
    ]
    wrong += [
        "dpop+jwt",
        "logout+jwt",
        "secevent+jwt",
        "application/jwt",
        "application/application/at+jwt",
        "text/at+jwt",
    ]
    wrong += ["application/at+jwt; charset=utf-8", "at+jwt\0", "\u0430t+jwt", "", 1, None, True, ["at+jwt"], {}]
    for typ in wrong:
        yield f"typ {json.dumps(typ)}", m.heading(typ=typ)
    yield "typ missing", m.token(header={"alg": m.algorithm, "kid": m.kid})
    body, payload = compact_json(m.header)[1:-1], compact_json(m.claims)
    yield "typ twice", m.raw(b"{" + body + b',"typ":"JWT"}', payload)
