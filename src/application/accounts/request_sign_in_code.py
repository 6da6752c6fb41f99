from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.letters.order_letter import order_letter
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.domain.accounts.email import Email
from doorward.domain.letters.language import Language
from doorward.domain.letters.letter import Letter, LetterKind


@final
@dataclass(frozen=True, slots=True)
class RequestSignInCode:
    """Orders the letter with a code to sign in.

    No account is looked up here: every address leads to the same work. Whether a letter goes out is decided when it is
    sent.
    """

    storage: Storage
    log: SecurityLog

    async def __call__(self, email: str, language: Language | None, now: datetime) -> None:
        """Raise InvalidEmail. An address gets at most one such letter in each minute of the clock; a further request
        changes nothing."""
        address = Email.parse(email)
        await order_letter(self.storage, Letter.requested(LetterKind.SIGN_IN_CODE, address, language, now))
        self.log.record(SecurityEvent.SIGN_IN_CODE_REQUESTED, login=address.value)
