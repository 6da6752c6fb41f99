from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.errors import LetterMissing, LetterWasSent, TransactionConflict
from doorward.domain.ids import LetterId
from doorward.domain.letters.letter import Letter, LetterState


@final
@dataclass(frozen=True, slots=True)
class RetryLetter:
    """Lets a letter be sent at once that waits for its next attempt or was given up. It has another day then."""

    storage: Storage

    @retried
    async def __call__(self, letter_id: LetterId, now: datetime) -> Letter:
        """Return the letter as it is now. Raise LetterMissing or LetterWasSent."""
        async with self.storage.transaction() as tx:
            letter = await tx.letters.get(letter_id)
            if letter is None:
                raise LetterMissing
            if letter.state is LetterState.SENT:
                raise LetterWasSent
            retried_letter = letter.retried(now)
            if not await tx.letters.save(retried_letter):
                raise TransactionConflict(cause="letter_changed")
            return retried_letter
