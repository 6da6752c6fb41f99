from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.ports.storage import Storage
from doorward.domain.services.service import Service


@final
@dataclass(frozen=True, slots=True)
class ListServices:
    """Lists all registered services, sorted by name."""

    storage: Storage

    async def __call__(self) -> Sequence[Service]:
        async with self.storage.reading() as reading:
            return await reading.services.all()
