"""The JWT attack families of TK-01, as tokens: not one of them may be accepted, and none may do worse than a 401.

`corpus` makes them from a key that the service knows, so that each is perfect but for what its name says. Tests feed
them to the verifier and send them over the wire (`sendable` tells which a header can carry). `accepted` is the
counterpart: spellings that must pass, so that no test can pass by refusing everything.
"""

import json

from support.jwt import claim_attacks as claim
from support.jwt import header_attacks as header
from support.jwt import signature_attacks as signature
from support.jwt import spelling_attacks as spelling
from support.jwt.material import Material


def corpus(material: Material) -> list[tuple[str, str]]:
    """Named tokens, all to be refused."""
    families = (
        *(header.algorithms, header.headers, header.kids, header.types),
        *(signature.hmac_confusions, signature.signatures, signature.swaps),
        *(spelling.shapes, spelling.encodings),
        *(claim.payloads, claim.times, claim.issuers_and_audiences, claim.subjects),
    )
    return [named for family in families for named in family(material)]


def accepted(material: Material) -> list[tuple[str, str]]:
    """Named tokens, all to be accepted at `material.now`."""
    head, claims = material.header, dict(material.claims)
    return [
        ("as issued", material.good()),
        ("typ in capitals", material.heading(typ="AT+JWT")),
        ("typ as a media type", material.heading(typ="application/at+jwt")),
        ("header in another order", material.token(header=dict(reversed(head.items())))),
        ("claims in another order", material.token(claims=dict(reversed(claims.items())))),
        ("JSON with blanks", material.raw(json.dumps(head).encode(), json.dumps(claims, indent=1).encode())),
        ("a claim that nobody knows yet", material.claiming(acr="1", nested=[[[[[[1]]]]]])),
        ("no roles", material.claiming(roles=[])),
        ("issued by a clock 5 s ahead", material.claiming(iat=material.now + 5)),
        ("nbf now", material.claiming(nbf=material.now)),
        ("many brackets in a string", material.claiming(note="[{" * 50)),
    ]


def sendable(token: str) -> bool:
    """Whether a header field of HTTP/1.1 can carry it to the application as it is."""
    return token.isascii() and token.isprintable() and token == token.strip() and 0 < len(token) < 16_000
