from dataclasses import dataclass
from typing import Self

from doorward.domain.accounts.email import login_key
from doorward.domain.accounts.username import ALLOWED

MAX_ALIAS_CHARACTERS = 128
MAX_ALIAS_KEY_BYTES = 512


@dataclass(frozen=True, slots=True)
class Alias:
    """A name outside the alphabet of usernames, with which an adopted account signs in beside its username; `value` is
    displayed, `key` decides uniqueness.

    The key of an alias is never that of a username or of an email address, now or later, because it has not the form
    of either. So whoever signs up afterwards cannot take the alias, and the alias cannot stand for somebody else.
    """

    value: str
    key: str

    @classmethod
    def parse(cls, raw: str) -> Self | None:
        """Return the alias, or None if this name cannot be one: its key has the form of a username or an address, or
        the name is empty, too long, or contains something invisible."""
        value = raw.strip()
        if not 0 < len(value) <= MAX_ALIAS_CHARACTERS or not value.isprintable():
            return None
        key = login_key(value)
        if "@" in key or ALLOWED.fullmatch(key) or len(key.encode()) > MAX_ALIAS_KEY_BYTES:
            return None
        return cls(value, key)
