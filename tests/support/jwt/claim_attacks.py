import json
from collections.abc import Iterator

from support.jwt.material import Material, compact_json

Tokens = Iterator[tuple[str, str]]

DISTANT = 10**10 + 1


def payloads(m: Material) -> Tokens:
    header, body = compact_json(m.header), compact_json(m.claims)
    for name, raw in (
        ("an array", b"[" + body + b"]"),
        ("a string", json.dumps(body.decode()).encode()),
        ("null", b"null"),
        ("a number", b"1"),
        ("true", b"true"),
        ("an empty object", b"{}"),
        ("no JSON", body[:-1]),
        ("text", b"hello"),
        ("two objects", body + body),
        ("NUL behind", body + b"\0"),
        ("a comma too many", body[:-1] + b",}"),
        ("a byte order mark", b"\xef\xbb\xbf" + body),
        ("UTF-16", body.decode().encode("utf-16")),
        ("UTF-16 without a mark", body.decode().encode("utf-16-le")),
        ("UTF-32", body.decode().encode("utf-32")),
        ("invalid UTF-8", body[:-1] + b',"x":"\xff"}'),
        ("overlong UTF-8", body[:-1] + b',"x":"\xc0\xaf"}'),
        ("a surrogate in UTF-8", body[:-1] + b',"x":"\xed\xa0\x80"}'),
        ("a bare control character", body[:-1] + b',"x":"\n"}'),
        ("sub twice", body[:-1] + b',"sub":"00000000-0000-7000-8000-000000000000"}'),
        ("exp twice", body[:-1] + b',"exp":9999999999}'),
        ("exp twice, once escaped", body[:-1] + rb',"\u0065xp":9999999999}'),
        ("a member twice, deep inside", body[:-1] + b',"x":{"a":1,"a":2}}'),
        ("nine levels", body[:-1] + b',"x":' + b"[" * 8 + b"]" * 8 + b"}"),
        ("nine levels of objects", body[:-1] + b',"x":' + b'{"a":' * 8 + b"1" + b"}" * 8 + b"}"),
        ("nested 2,000 deep", body[:-1] + b',"x":' + b"[" * 2000 + b"]" * 2000 + b"}"),
        ("nested and never closed", b'{"x":' * 900),
        ("NaN somewhere", body[:-1] + b',"x":NaN}'),
        ("Infinity somewhere", body[:-1] + b',"x":-Infinity}'),
        ("5,000 digits somewhere", body[:-1] + b',"x":' + b"9" * 5000 + b"}"),
    ):
        yield f"payload as {name}", m.raw(header, raw)
    for claim in ("iss", "aud", "sub", "exp", "iat", "jti", "client_id", "sid", "roles", "epoch"):
        yield f"no {claim}", m.without(claim)
        yield f"{claim} null", m.claiming(**{claim: None})


def times(m: Material) -> Tokens:
    body = compact_json({name: value for name, value in m.claims.items() if name != "exp"})[:-1]
    header = compact_json(m.header)
    until = m.claims["exp"]
    assert isinstance(until, int)
    for text in (
        "NaN",
        "Infinity",
        "1e400",
        "1e10",
        "9" * 5000,
        f"{until}.0",
        f"{until}.5",
        f"-{until}",
        "01",
        "0x7fffffff",
    ):
        yield f"exp {text[:16]}", m.raw(header, body + b',"exp":' + text.encode() + b"}")
    odd: list[object] = [str(until), True, False, [until], {"exp": until}, "", "never", 0, -1, 1, m.now - 1, m.now]
    odd += [until * 1000, 10**10, DISTANT, 2**53, 2**63, 10**30]
    for value in odd:
        yield f"exp {json.dumps(value)[:24]} ({type(value).__name__})", m.claiming(exp=value)
    yield "exp a second later than our tokens last", m.claiming(exp=until + 1)
    yield "exp a year later", m.claiming(exp=until + 31_536_000)
    for value in (
        str(m.now),
        float(m.now),
        m.now + 0.5,
        True,
        [m.now],
        -1,
        m.now + 60,
        m.now + 3600,
        DISTANT,
        "",
        10**30,
    ):
        yield f"iat {json.dumps(value)[:24]} ({type(value).__name__})", m.claiming(iat=value)
    yield "iat long ago", m.claiming(iat=m.now - 86_400)
    for value in (m.now + 60, m.now + 3600, str(m.now), float(m.now), True, None, [], -1, DISTANT):
        yield f"nbf {json.dumps(value)[:24]} ({type(value).__name__})", m.claiming(nbf=value)


def issuers_and_audiences(m: Material) -> Tokens:
    iss, aud, client = str(m.claims["iss"]), str(m.claims["aud"]), str(m.claims["client_id"])
    for name, ours in (("iss", iss), ("aud", aud), ("client_id", client)):
        odd: list[object] = [ours.upper(), ours.title(), ours + "/", ours[:-1], ours + "x", "x" + ours, ours + " "]
        odd += [" " + ours, ours + "\0", "", "*", [ours], [ours, "other"], ["other", ours], [], {}, {ours: ours}]
        odd += [0, 1, True, ours + "\u200b", ours[:1] + "\u0131" + ours[2:], f"{ours},other", f"{ours} other", [[ours]]]
        for value in odd:
            if value != ours:
                yield f"{name} {json.dumps(value)[:48]}", m.claiming(**{name: value})


def subjects(m: Material) -> Tokens:
    for name in ("sub", "jti", "sid"):
        ours = str(m.claims[name])
        odd: list[object] = ["", " ", "admin", "1", 1, 0, True, [ours], {"$ne": None}, ours + "\0", "\0", ours + " "]
        odd += [ours.replace("-", ""), "{" + ours + "}", f"urn:uuid:{ours}", ours[:-1], ours + "0", "' OR 1=1 --"]
        odd += [
            "\uff10" + ours[1:],
            ours[:-1] + "\n",
            ours[:-1] + "g",
            "../" + ours,
            "\ud800",
            ours[:8] + ours[9:] + "-",
        ]
        odd += ["ABCDEF00" + ours[8:], ours + "-", ours + "}"]
        for value in odd:
            yield f"{name} {json.dumps(value)[:48]}", m.claiming(**{name: value})
    epochs: list[object] = [-1, "0", 0.0, True, [0], {}, 2**63, 10**30]
    for epoch in epochs:
        yield f"epoch {json.dumps(epoch)[:24]} ({type(epoch).__name__})", m.claiming(epoch=epoch)
    for roles in ("admin", {"admin": True}, [1], [None], [["admin"]], 1, True):
        yield f"roles {json.dumps(roles)}", m.claiming(roles=roles)
