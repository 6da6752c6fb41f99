"""The last line of defence: what must never reach a log does not, whoever tries (LG-03)."""

import re
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any

FORBIDDEN = re.compile(r"passw|passphrase|secret|token|authorization|cookie|credential|pem|hash|key|dsn", re.IGNORECASE)
"""Parts of field names. Whoever needs such a field logs an id of the thing under a name that says so."""

HARMLESS = frozenset({"login_hash", "token_id"})

SECRETS = re.compile(
    r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*"  # JSON Web Tokens
    r"|\$argon2[a-z]*\$[^\s'\"]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END|\Z)"
    r"|(?<=://)[^/\s'\"@]*:\S*@"  # user and password of a URL, however many @ the password has
    r"|(?<=\[parameters: ).*",  # what SQLAlchemy was about to send
    re.DOTALL,
)
DEEPEST = 4
NAMES = 1_024
"""Of fields that are remembered; they stand in the code."""


def without_secrets(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: drops fields by their names, and masks what looks like a secret in the others."""
    return {name: scrubbed(value, DEEPEST) for name, value in event.items() if permitted(name)}


@lru_cache(NAMES)
def permitted(name: str) -> bool:
    return name in HARMLESS or not FORBIDDEN.search(name)


def scrubbed(value: object, depth: int) -> object:
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, str):
        return masked(value)
    if depth and isinstance(value, Mapping):
        return {str(name): scrubbed(each, depth - 1) for name, each in value.items() if permitted(str(name))}
    if depth and isinstance(value, list | tuple):
        return [scrubbed(each, depth - 1) for each in value]
    return masked(str(value))


def masked(text: str) -> str:
    """To look for five words is a tenth of the work of looking for the pattern, and hardly a text has one of them."""
    suspicious = "eyJ" in text or "$argon2" in text or "-----BEGIN" in text or "://" in text or "[parameters: " in text
    return SECRETS.sub("***", text) if suspicious else text
