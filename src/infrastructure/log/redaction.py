"""Removes secrets from log events."""

import re
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any

FORBIDDEN_NAMES = re.compile(
    r"passw|passphrase|secret|token|authorization|cookie|credential|pem|hash|key|dsn", re.IGNORECASE
)
"""Fields whose names contain one of these words are dropped, unless the name is in PERMITTED_NAMES."""

PERMITTED_NAMES = frozenset({"login_hash", "token_id"})

SECRET_TEXTS = re.compile(
    r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*"  # JSON Web Tokens
    r"|\$argon2[a-z]*\$[^\s'\"]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END|\Z)"
    r"|(?<=://)[^/\s'\"@:]*(?::\S*)?@"  # user and password of a URL, however many @ the password has
    r"|(?:(?<=[?&;])|(?<=#)(?!token=))[\w.-]*(?i:pass|pwd|secret|token|key|auth|credential)"  # the name of an option
    r"[\w.-]*=[^&;\s'\"]+"  # of a URL, and its value
    r"|(?<=\[parameters: ).*",  # of a statement, in SQLAlchemy's messages
    re.DOTALL,
)
"""`#token=` is left as it is: so end the links of letters, which are logged only where this machine alone can use the
service."""

MAX_DEPTH_LEVELS = 4
MAX_CACHED_NAMES = 1_024
"""More than there are field names, because the names are constants of the source."""


def without_secrets(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop fields by their names, and mask what looks like a secret in the others; a structlog processor."""
    return {name: scrubbed(value, MAX_DEPTH_LEVELS) for name, value in event.items() if is_permitted(name)}


@lru_cache(MAX_CACHED_NAMES)
def is_permitted(name: str) -> bool:
    return name in PERMITTED_NAMES or not FORBIDDEN_NAMES.search(name)


def scrubbed(value: object, depth: int) -> object:
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, str):
        return masked(value)
    if depth and isinstance(value, Mapping):
        return {str(name): scrubbed(each, depth - 1) for name, each in value.items() if is_permitted(str(name))}
    if depth and isinstance(value, list | tuple):
        return [scrubbed(each, depth - 1) for each in value]
    return masked(str(value))


def masked(text: str) -> str:
    """Replace what looks like a secret by `***`. A search for five words first takes a tenth of the pattern's
    time."""
    suspicious = "eyJ" in text or "$argon2" in text or "-----BEGIN" in text or "://" in text or "[parameters: " in text
    return SECRET_TEXTS.sub("***", text) if suspicious else text
