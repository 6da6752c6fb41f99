"""Keeps secrets out of the log, whoever logs them (LG-03)."""

import re
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any

FORBIDDEN = re.compile(r"passw|passphrase|secret|token|authorization|cookie|credential|pem|hash|key|dsn", re.IGNORECASE)
"""Parts of field names that are dropped. A line may name such a thing by an id in a field such as `token_id`."""

HARMLESS = frozenset({"login_hash", "token_id"})

SECRETS = re.compile(
    r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*"  # JSON Web Tokens
    r"|\$argon2[a-z]*\$[^\s'\"]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END|\Z)"
    r"|(?<=://)[^/\s'\"@]*:\S*@"  # user and password of a URL, however many @ the password has
    r"|(?<=\[parameters: ).*",  # of a statement, in SQLAlchemy's messages
    re.DOTALL,
)
MAX_DEPTH = 4
MAX_CACHED_NAMES = 1_024
"""Field names are written in the source, so that there are fewer of them."""


def without_secrets(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor that drops fields by their names and masks what looks like a secret in the others."""
    return {name: scrubbed(value, MAX_DEPTH) for name, value in event.items() if permitted(name)}


@lru_cache(MAX_CACHED_NAMES)
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
    """Replace what looks like a secret by `***`. Searching for five words first takes a tenth of the pattern's time."""
    suspicious = "eyJ" in text or "$argon2" in text or "-----BEGIN" in text or "://" in text or "[parameters: " in text
    return SECRETS.sub("***", text) if suspicious else text
