import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType, Self

from doorward.domain.errors import InvalidDescription, InvalidRoleName

RoleName = NewType("RoleName", str)
"""A lower-case name that is compared exactly: `Admin` and `admin ` are not `admin`."""

NAME = re.compile(r"[a-z][a-z0-9._-]{0,63}")
MAX_DESCRIPTION_CHARACTERS = 200
DESCRIPTION = re.compile(
    r"[^\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]*"
)
"""One line without control characters, invisible characters and marks that change the direction of text, so that a list
of roles shows what was written. It is a pattern, because the OpenAPI document publishes it."""
SURROGATE = re.compile(r"[\ud800-\udfff]")
"""Half of a character, which a terminal with another encoding may send."""

USER = RoleName("user")
MODERATOR = RoleName("moderator")
ADMIN = RoleName("admin")
BUILT_IN = frozenset({USER, MODERATOR, ADMIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    name: RoleName
    description: str = ""
    created_at: datetime

    @property
    def built_in(self) -> bool:
        return self.name in BUILT_IN

    def described(self, description: str) -> Self:
        return replace(self, description=description)


def parse_role_name(raw: str) -> RoleName:
    """Return the name as it was written, without any normalisation. Raise InvalidRoleName."""
    if not NAME.fullmatch(raw):
        raise InvalidRoleName
    return RoleName(raw)


def parse_description(raw: str) -> str:
    """Return the description as it was written. Raise InvalidDescription."""
    if len(raw) > MAX_DESCRIPTION_CHARACTERS or not DESCRIPTION.fullmatch(raw) or SURROGATE.search(raw):
        raise InvalidDescription
    return raw
