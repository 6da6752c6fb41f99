from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.access.unknown_roles import unknown_roles
from doorward.application.accounts.password_rules import PasswordRules
from doorward.application.audit.account_change import account_created
from doorward.application.letters.order_letter import order_letter
from doorward.application.ports.security import PasswordHasher, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.role import USER
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.email_verification import EmailVerification
from doorward.domain.accounts.sign_up import SignUp
from doorward.domain.accounts.user import User
from doorward.domain.accounts.username import Username
from doorward.domain.audit.source import UNKNOWN_VISITOR, Source
from doorward.domain.errors import EmailTaken, RoleUnknown, UsernameReserved
from doorward.domain.ids import UserId, uuid7
from doorward.domain.letters.language import Language
from doorward.domain.letters.letter import Letter, LetterKind

MAX_SHOWN_CHARACTERS = 64


@final
@dataclass(frozen=True, slots=True)
class RegisterUser:
    """Signs a user up. Anybody may create an account, unless `sign_up` says otherwise. It gets the role `user` and no
    other."""

    storage: Storage
    hasher: PasswordHasher
    rules: PasswordRules
    verification: EmailVerification
    log: SecurityLog
    sign_up: SignUp = SignUp.OPEN

    async def __call__(  # noqa: PLR0913 what the form has, and from where it comes
        self,
        username: str,
        email: str,
        password: str,
        now: datetime,
        *,
        roles: Iterable[str] = (),
        language: Language | None = None,
        by: Source = UNKNOWN_VISITOR,
    ) -> UserId | None:
        """Raise SignUpByInvitation, SignUpClosed, Invalid, UsernameTaken or EmailTaken. `roles` must exist, but are not
        granted: the clients of the tutorial send them. `language` is that of the letters, now and later.

        If verified addresses are required, nobody is told that an address is in use: a letter tells the holder of the
        account, nothing is created, and None is returned.
        """
        self.sign_up.refuse_strangers()
        name, address = Username.parse(username), Email.parse(email)
        if name.reserved:
            raise UsernameReserved
        for unknown in await unknown_roles(self.storage, roles):
            raise RoleUnknown(unknown[:MAX_SHOWN_CHARACTERS])
        checked = self.rules.check(password, (name.value, address.value))
        user = User(
            id=UserId(uuid7(now)),
            username=name,
            email=address,
            password_hash=await self.hasher.hash(checked),
            roles=frozenset({USER}),
            created_at=now,
            locale=language,
        )
        try:
            await self._add(user, address, language, by)
        except EmailTaken:
            if self.verification is not EmailVerification.REQUIRED:
                raise
            await order_letter(self.storage, Letter.requested(LetterKind.EMAIL_IN_USE, address, language, now))
            self.log.record(SecurityEvent.SIGN_UP_FAIL, reason="email_in_use", login=address.value)
            return None
        self.log.record(SecurityEvent.USER_CREATED, user_id=str(user.id), by="sign-up")
        return user.id

    @retried
    async def _add(self, user: User, address: Email, language: Language | None, by: Source) -> None:
        async with self.storage.transaction() as tx:
            await tx.users.add(user)
            if await tx.undo_links.is_reserved(address.key, user.id, user.created_at):
                raise EmailTaken
            await tx.audit.append(account_created(user, by))
            if self.verification.writes_letters:
                letter = Letter.requested(LetterKind.EMAIL_VERIFICATION, address, language, user.created_at)
                await tx.letters.add(letter)
