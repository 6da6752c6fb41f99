import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType, Self

from domain.errors import InvalidRoleName

RoleName = NewType("RoleName", str)
"""Lower case, compared exactly: `Admin` and `admin ` are not `admin`."""

NAME = re.compile(r"[a-z][a-z0-9._-]{0,63}")
LONGEST_DESCRIPTION = 200

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
