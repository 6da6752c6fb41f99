from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.ports.storage import Storage
from doorward.domain.access.role import Role, RoleName
from doorward.domain.errors import RoleMissing


@final
@dataclass(frozen=True, slots=True)
class ListRoles:
    storage: Storage

    async def __call__(self) -> Sequence[Role]:
        async with self.storage.reading() as reading:
            return await reading.roles.all()

    async def one(self, name: RoleName) -> Role:
        """Raise RoleMissing."""
        async with self.storage.reading() as reading:
            role = await reading.roles.get(name)
        if role is None:
            raise RoleMissing
        return role
