from dataclasses import dataclass
from typing import final

from doorward.application.ports.storage import Storage
from doorward.domain.access.role import Role, RoleName
from doorward.domain.errors import RoleMissing


@final
@dataclass(frozen=True, slots=True)
class FindRole:
    """Finds one role by its name."""

    storage: Storage

    async def __call__(self, name: RoleName) -> Role:
        """Raise RoleMissing."""
        async with self.storage.reading() as reading:
            role = await reading.roles.get(name)
        if role is None:
            raise RoleMissing
        return role
