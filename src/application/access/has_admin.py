from dataclasses import dataclass
from typing import final

from doorward.application.ports.clock import Clock
from doorward.application.ports.storage import Storage
from doorward.domain.access.role import ADMIN


@final
@dataclass(frozen=True, slots=True)
class HasAdmin:
    """Returns whether there is an enabled admin."""

    storage: Storage
    clock: Clock

    async def __call__(self) -> bool:
        async with self.storage.reading() as reading:
            return await reading.users.count_enabled(ADMIN, self.clock.now()) > 0
