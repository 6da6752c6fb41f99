from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.access.authorize_change import authorize_change
from doorward.application.access.unknown_roles import unknown_roles
from doorward.application.accounts.password_rules import PasswordRules
from doorward.application.audit.account_change import account_created
from doorward.application.ports.security import PasswordHasher, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Actor, Operator
from doorward.domain.access.role import USER, parse_role_name
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.email_verification import EmailVerification
from doorward.domain.accounts.user import User
from doorward.domain.accounts.username import Username
from doorward.domain.errors import RoleUnknown
from doorward.domain.ids import UserId, uuid7
from doorward.domain.letters.letter import Letter, LetterKind


@final
@dataclass(frozen=True, slots=True)
class CreateUser:
    """Creates an account for an admin or the operator, with any roles and also with a reserved name.

    The operator creates the first admin so, and vouches for the address: there may be no mail server yet. The address
    that an admin gives is verified by a letter, as at sign-up.
    """

    storage: Storage
    hasher: PasswordHasher
    rules: PasswordRules
    verification: EmailVerification
    log: SecurityLog

    async def __call__(
        self, username: str, email: str, password: str, now: datetime, *, by: Actor, roles: Iterable[str] = ()
    ) -> User:
        """Raise Invalid, UsernameTaken or EmailTaken, and RoleMissing if a role is removed meanwhile."""
        name, address = Username.parse(username), Email.parse(email)
        granted = frozenset({USER, *map(parse_role_name, roles)})
        for unknown in await unknown_roles(self.storage, sorted(granted)):
            raise RoleUnknown(unknown)
        checked = self.rules.check(password, (name.value, address.value))
        user = User(
            id=UserId(uuid7(now)),
            username=name,
            email=address,
            password_hash=await self.hasher.hash(checked),
            roles=granted,
            created_at=now,
            email_verified_at=now if isinstance(by, Operator) else None,
        )
        await self._add(user, by)
        names = " ".join(sorted(granted))
        self.log.record(SecurityEvent.USER_CREATED, user_id=str(user.id), by=by.log_name, roles=names)
        return user

    @retried
    async def _add(self, user: User, by: Actor) -> None:
        async with self.storage.transaction() as tx:
            await authorize_change(tx, by, self.log)
            await tx.users.add(user)
            await tx.audit.append(account_created(user, by))
            if self.verification.writes_letters and not user.email_verified:
                letter = Letter.to_holder(LetterKind.EMAIL_VERIFICATION, user, None, user.created_at)
                await tx.letters.add(letter)
