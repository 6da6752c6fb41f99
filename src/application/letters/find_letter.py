from dataclasses import dataclass
from typing import final

from doorward.application.ports.storage import Storage
from doorward.domain.errors import LetterMissing
from doorward.domain.ids import LetterId
from doorward.domain.letters.letter import Letter


@final
@dataclass(frozen=True, slots=True)
class FindLetter:
    storage: Storage

    async def __call__(self, letter_id: LetterId) -> Letter:
        """Return the letter. Raise LetterMissing."""
        async with self.storage.reading() as reading:
            letter = await reading.letters.get(letter_id)
        if letter is None:
            raise LetterMissing
        return letter
