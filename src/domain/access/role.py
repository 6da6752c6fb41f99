import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType, Self

from doorward.domain.errors import InvalidDescription, InvalidRoleName

RoleName = NewType("RoleName", str)
"""Lower case, compared exactly: `Admin` and `admin ` are not `admin`."""

NAME = re.compile(r"[a-z][a-z0-9._-]{0,63}")
LONGEST_DESCRIPTION = 200
DESCRIPTION = re.compile(
    r"[^\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]*"
)
"""One line without control characters and without what nobody sees or what turns the direction of reading: a list of
roles shows what was written. A pattern, so that the document can tell it to clients."""
SURROGATE = re.compile(r"[\ud800-\udfff]")
"""Half a character, as a terminal of another encoding sends it."""

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
    """Raise InvalidRoleName; nothing is folded or trimmed, so that what is compared is what was written."""
    if not NAME.fullmatch(raw):
        raise InvalidRoleName
    return RoleName(raw)


def parse_description(raw: str) -> str:
    """Raise InvalidDescription; nothing is trimmed."""
    if len(raw) > LONGEST_DESCRIPTION or not DESCRIPTION.fullmatch(raw) or SURROGATE.search(raw):
        raise InvalidDescription
    return raw
