import json
from collections.abc import Iterator

from support.jwt.material import ALPHABET, Material, b64, sign

Tokens = Iterator[tuple[str, str]]

PLACES = ("first", "second", "third")


def shapes(m: Material) -> Tokens:
    good = m.good()
    header, payload, signature = good.split(".")
    yield from {
        "nothing": "",
        "a word": "null",
        "one segment": header,
        "two segments": f"{header}.{payload}",
        "no signature": f"{header}.{payload}.",
        "no header": f".{payload}.{signature}",
        "no payload": f"{header}..{signature}",
        "four segments": f"{good}.{signature}",
        "five segments, as a JWE": f"{header}.{payload}.{signature}.{payload}.{signature}",
        "only dots": "..",
        "a dot before": "." + good,
        "a dot behind": good + ".",
        "Bearer before it": "Bearer " + good,
        "twice": f"{good} {good}",
        "twice with a comma": f"{good},{good}",
        "in quotes": f'"{good}"',
        "in JSON serialisation": json.dumps({"protected": header, "payload": payload, "signature": signature}),
        "in general JSON serialisation": json.dumps(
            {"payload": payload, "signatures": [{"protected": header, "signature": signature}]}
        ),
        "1.3 MB of payload": m.claiming(note="x" * 1_000_000),
        "1.3 MB of A": "A" * 1_300_000,
        "1.3 MB of dots": "." * 1_300_000,
        "just over 8 KiB": m.claiming(note="x" * 6000),
    }.items()


def encodings(m: Material) -> Tokens:
    good = m.good()
    for blank in (" ", "\t", "\n", "\r\n", "\0", "\u00a0", "\u200b", "\ufeff"):
        yield f"{blank!r} before", blank + good
        yield f"{blank!r} behind", good + blank
        yield f"{blank!r} inside", good.replace(".", blank + ".", 1)
    for number, place in enumerate(PLACES):
        segments = good.split(".")
        segment = segments[number]
        for name, changed in (
            ("padded", segment + "=" * (-len(segment) % 4 or 4)),
            ("with a plus", "+" + segment[1:]),
            ("with a slash", "/" + segment[1:]),
            ("with an umlaut", "\u00e4" + segment[1:]),
            ("with a fullwidth letter", "\uff25" + segment[1:]),
            ("with a percent escape", "%65" + segment[1:]),
            ("with one character more", segment + "A" * (1 if len(segment) % 4 == 0 else 5 - len(segment) % 4)),
        ):
            yield f"{place} segment {name}", ".".join([*segments[:number], changed, *segments[number + 1 :]])
    content, _, signature = good.rpartition(".")
    if len(signature) % 4:
        position = ALPHABET.index(signature[-1])
        yield "last character not canonical", f"{content}.{signature[:-1]}{ALPHABET[position | 1]}"
    yield from loose_ends(m)


def loose_ends(m: Material) -> Tokens:
    """Segments whose last character has bits that say nothing, all signed as they stand."""
    for place in (0, 1):
        for filler in ("", " ", "  "):
            segments = [b64(json.dumps(m.header).encode()), b64(json.dumps(m.claims).encode())]
            value = m.header if place == 0 else m.claims
            segment = b64(json.dumps(value).encode() + filler.encode())
            if len(segment) % 4 == 0:
                continue
            segments[place] = segment[:-1] + ALPHABET[ALPHABET.index(segment[-1]) | 1]
            content = ".".join(segments)
            yield (
                f"{PLACES[place]} segment not canonical, signed, {len(segment) % 4} over",
                f"{content}.{b64(sign(m.key, content.encode()))}",
            )
