from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.ports.storage import Lists
from doorward.domain.letters.letter import Letter, LetterState


@final
@dataclass(frozen=True, slots=True)
class ListLetters:
    storage: Lists

    async def __call__(self, limit: int, state: LetterState | None = None) -> Sequence[Letter]:
        """Return at most `limit` letters, of this state if one is given, the latest first."""
        async with self.storage.reading() as reading:
            return await reading.letters.latest(limit, state)
