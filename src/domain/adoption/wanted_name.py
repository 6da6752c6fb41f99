"""Under which names an account of another system comes."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import count

from doorward.domain.accounts.alias import Alias
from doorward.domain.accounts.email import Email, login_key
from doorward.domain.accounts.username import Username
from doorward.domain.errors import InvalidUsername

MAX_FOREIGN_NAME_CHARACTERS = 255
MIN_BASE_CHARACTERS, MAX_BASE_CHARACTERS = 3, 24
"""A username has at most 32 characters, so that a number fits behind."""

OTHER_CHARACTERS = re.compile(r"[^a-z0-9._]+")


@dataclass(frozen=True, slots=True)
class WantedName:
    """A username, or what one is to be derived from when there is none."""

    username: Username | None
    base: str
    alias: Alias | None = None


def wanted_name(name: str, email: Email | None) -> WantedName | None:
    """Return the names of an account that signs in with `name`. Return None if it could not sign in with that name any
    more: it is the address of somebody else, or cannot be an alias."""
    text = name.strip()
    if len(text) > MAX_FOREIGN_NAME_CHARACTERS:
        return None
    key = login_key(text)
    for spelling in (text, key):  # "Stra\u00dfe" is no username, but everybody who types it means "strasse"
        try:
            return WantedName(Username.parse(spelling), "")
        except InvalidUsername:
            continue
    if "@" in key:
        return WantedName(None, key.partition("@")[0]) if email and email.key == key else None
    alias = Alias.parse(text)
    return WantedName(None, text, alias) if alias else None


def derived_usernames(base: str, external_id: str) -> Iterator[Username]:
    """Yield usernames for an account that has none, the best one first. None of them is reserved."""
    digest = sha256(external_id.encode("utf-8", "surrogatepass")).hexdigest()
    for text in (plain_form(base), plain_form(f"user-{external_id}"), f"user-{digest[: MAX_BASE_CHARACTERS - 5]}"):
        if len(text) >= MIN_BASE_CHARACTERS and not (name := Username.parse(text)).reserved:
            break
    yield name
    yield from (Username.parse(f"{text}-{number}") for number in count(2))


def plain_form(text: str, max_characters: int = MAX_BASE_CHARACTERS) -> str:
    """Return the text in the alphabet of usernames, such as `jorg-muller`. It may be too short. Of a text
    with letters of another script nothing is left, because a part of it would be another name."""
    decomposed = unicodedata.normalize("NFKD", text[:MAX_FOREIGN_NAME_CHARACTERS]).casefold()
    letters = "".join(each for each in decomposed if not unicodedata.combining(each))
    if any(each.isalpha() and not each.isascii() for each in letters):
        return ""
    return OTHER_CHARACTERS.sub("-", letters).strip("-.")[:max_characters].rstrip("-.")
