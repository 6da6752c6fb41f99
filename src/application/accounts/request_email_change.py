from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.access.authorize_change import authorize_change_of
from doorward.application.accounts.confirm_password import ConfirmPassword
from doorward.application.ports.letters import LinkTokens
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import MAX_ATTEMPTS, retried
from doorward.domain.access.principal import Principal
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.errors import TooManyAttempts, TransactionConflict
from doorward.domain.letters.language import Language
from doorward.domain.letters.letter import SLOT_SECONDS, Letter
from doorward.domain.letters.link_token import LinkPurpose, LinkToken

PURPOSE = LinkPurpose.EMAIL_CHANGE


@final
@dataclass(frozen=True, slots=True)
class RequestEmailChange:
    """Orders the letter by which a signed-in user confirms another address. Until then the account keeps its own.

    The new address is not looked up here: every one leads to the same work. If another account has it when the letter
    is due, its owner is told instead.
    """

    storage: Storage
    confirm: ConfirmPassword
    tokens: LinkTokens
    log: SecurityLog

    async def __call__(
        self, by: Principal, new_email: str, password: str, now: datetime, language: Language | None
    ) -> None:
        """Raise InvalidEmail, PasswordWrong, TooManyAttempts, HashingBusy or InvalidToken. An account gets one such
        letter in each minute of the clock.

        The password is confirmed again only if the account has another hash by then.
        """
        address = Email.parse(new_email)
        for _ in range(MAX_ATTEMPTS):
            confirmed = await self.confirm(by, password, now)
            if await self._order(by, confirmed.password_hash, address, language, now):
                self.log.record(SecurityEvent.EMAIL_CHANGE_REQUESTED, user_id=str(by.user_id), by=by.log_name)
                return
        raise TransactionConflict(cause="password_changed")

    @retried
    async def _order(
        self, by: Principal, confirmed: PasswordHash, address: Email, language: Language | None, now: datetime
    ) -> bool:
        """Return False if `confirmed` is not the hash of the account any more.

        What is stored with the letter shows that the change is still wanted when the letter is due. Its token, which
        nobody knows, is replaced then.
        """
        async with self.storage.transaction() as tx:
            user = await authorize_change_of(tx, by.user_id, by, self.log)
            if user.password_hash != confirmed:
                return False
            if not await tx.letters.add(Letter.to_new_address(user, address, language, now)):
                raise TooManyAttempts(SLOT_SECONDS - int(now.timestamp()) % SLOT_SECONDS)
            _, unknown = self.tokens.generate()
            await tx.link_tokens.put(LinkToken.issued(unknown, PURPOSE, user, now, new_address=address.value))
        return True
