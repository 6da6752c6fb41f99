"""Canonical base64 without padding (RFC 4648, section 3.5): the unused bits of the last character are zero."""

LAST_OF_TWO = "AQgw"
"""The characters that may end a group of two, which encodes one byte."""

LAST_OF_THREE = "AEIMQUYcgkosw048"
"""The characters that may end a group of three, which encodes two bytes."""


def is_canonical(text: str) -> bool:
    """Return whether a text of base64 characters encodes whole bytes, and is the only text that encodes them."""
    match len(text) % 4:
        case 0:
            return True
        case 2:
            return text[-1] in LAST_OF_TWO
        case 3:
            return text[-1] in LAST_OF_THREE
        case _:
            return False
