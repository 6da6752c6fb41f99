from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from domain.access.change import SequencedChange
from domain.access.role import Role, RoleName
from domain.accounts.user import User
from domain.ids import UserId
from domain.keys.signing_key import SigningKey


@dataclass(slots=True)
class Tables:
    """Everything stored; entities are frozen, so copying the containers is copying it all."""

    users: dict[UserId, User] = field(default_factory=dict)
    roles: dict[RoleName, Role] = field(default_factory=dict)
    keys: dict[str, SigningKey] = field(default_factory=dict)
    changes: list[tuple[SequencedChange, datetime]] = field(default_factory=list)
    next_sequence: int = 1

    def copied(self) -> Self:
        return replace(
            self,
            users=dict(self.users),
            roles=dict(self.roles),
            keys=dict(self.keys),
            changes=list(self.changes),
        )
