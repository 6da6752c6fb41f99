from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.ports.letters import LetterContents, Mailer
from doorward.domain.accounts.email import Email
from doorward.domain.ids import LetterId, uuid7
from doorward.domain.letters.language import Language
from doorward.domain.letters.letter import LetterKind


@final
@dataclass(frozen=True, slots=True)
class SendTestLetter:
    """Sends a letter at once, so that an operator sees whether letters arrive. Nothing is stored."""

    mailer: Mailer

    async def __call__(self, address: str, language: Language, now: datetime) -> None:
        """Raise InvalidEmail, or LetterUndelivered with the reason."""
        recipient = Email.parse(address).value
        await self.mailer.send(
            LetterContents(
                letter_id=LetterId(uuid7(now)),
                kind=LetterKind.TEST,
                recipient=recipient,
                language=language,
                username="",
                written_at=now,
                sent_at=now,
            )
        )
