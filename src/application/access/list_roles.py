from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.ports.storage import Storage
from doorward.domain.access.role import Role


@final
@dataclass(frozen=True, slots=True)
class ListRoles:
    """Lists all roles in the order of their names."""

    storage: Storage

    async def __call__(self) -> Sequence[Role]:
        async with self.storage.reading() as reading:
            return await reading.roles.all()
