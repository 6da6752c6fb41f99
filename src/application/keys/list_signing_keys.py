from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.ports.storage import Storage
from doorward.domain.keys.signing_key import SigningKey


@final
@dataclass(frozen=True, slots=True)
class ListSigningKeys:
    """Lists all signing keys in the order in which they sign."""

    storage: Storage

    async def __call__(self) -> Sequence[SigningKey]:
        async with self.storage.reading() as reading:
            return await reading.keys.all()
