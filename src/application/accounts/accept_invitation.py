from dataclasses import dataclass, replace
from datetime import datetime
from typing import final

from doorward.application.accounts.password_rules import PasswordRules
from doorward.application.audit.account_change import account_created
from doorward.application.ports.letters import LinkTokens
from doorward.application.ports.security import PasswordHasher, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.role import USER
from doorward.domain.accounts.invitation import Invitation
from doorward.domain.accounts.sign_up import SignUp
from doorward.domain.accounts.user import User
from doorward.domain.accounts.username import Username
from doorward.domain.audit.source import UNKNOWN_VISITOR, Source
from doorward.domain.errors import EmailTaken, InvalidLink, RoleMissing, TransactionConflict, UsernameReserved
from doorward.domain.ids import UserId, uuid7
from doorward.domain.letters.language import Language
from doorward.domain.letters.link_token import LinkTokenHash


@final
@dataclass(frozen=True, slots=True)
class AcceptInvitation:
    """Creates the account of whoever has the token of an invitation. Nobody is signed in.

    The address is verified, since the token came to it. The account gets the roles of the invitation that still exist.
    """

    storage: Storage
    hasher: PasswordHasher
    rules: PasswordRules
    tokens: LinkTokens
    sign_up: SignUp
    log: SecurityLog

    async def __call__(
        self,
        token: str,
        username: str,
        password: str,
        language: Language | None,
        now: datetime,
        by: Source = UNKNOWN_VISITOR,
    ) -> UserId:
        """Raise SignUpClosed, InvalidLink, Invalid, UsernameTaken or HashingBusy. Only an acceptance that succeeds uses
        the token up."""
        self.sign_up.refuse_invited()
        token_hash = self.tokens.hash_of(token)
        invitation = await self._find(token_hash, now) if token_hash else None
        if token_hash is None or invitation is None:
            raise self._refuse()
        name = Username.parse(username)
        if name.reserved:
            raise UsernameReserved
        checked = self.rules.check(password, (name.value, invitation.email.value))
        user = User(
            id=UserId(uuid7(now)),
            username=name,
            email=invitation.email,
            password_hash=await self.hasher.hash(checked),
            created_at=now,
            email_verified_at=now,
            locale=language or invitation.locale,
        )
        added = await self._accept(token_hash, user, now, by)
        if added is None:
            raise self._refuse(invitation)
        self.log.record(
            SecurityEvent.USER_CREATED,
            user_id=str(added.id),
            by="invitation",
            roles=" ".join(sorted(added.roles)),
            invitation_id=str(invitation.id),
        )
        return added.id

    async def _find(self, token_hash: LinkTokenHash, now: datetime) -> Invitation | None:
        """Return the invitation if it can be accepted, without using it."""
        async with self.storage.reading() as reading:
            found = await reading.invitations.find(token_hash)
            inviter = await reading.users.get(found.invited_by) if found and found.invited_by else None
        return found if found and found.is_valid(inviter, now) else None

    async def _accept(self, token_hash: LinkTokenHash, user: User, now: datetime, by: Source) -> User | None:
        """Return the account as it was added, or None if the invitation is not valid any more."""
        try:
            return await self._add(token_hash, user, now, by)
        except EmailTaken:
            return None

    @retried
    async def _add(self, token_hash: LinkTokenHash, user: User, now: datetime, by: Source) -> User | None:
        async with self.storage.transaction() as tx:
            invitation = await tx.invitations.find(token_hash)
            if invitation is None:
                return None
            inviter = await tx.users.lock(invitation.invited_by) if invitation.invited_by else None
            if not invitation.is_valid(inviter, now) or not await tx.invitations.spend(token_hash):
                return None
            existing = {role.name for role in await tx.roles.all()}
            added = replace(user, roles=frozenset({USER}) | (invitation.roles & existing))
            try:
                await tx.users.add(added)
            except RoleMissing as error:
                raise TransactionConflict(cause="role_removed") from error
            await tx.audit.append(account_created(added, by))
            return added

    def _refuse(self, invitation: Invitation | None = None) -> InvalidLink:
        self.log.record(
            SecurityEvent.LINK_REFUSED,
            purpose="invitation",
            invitation_id=str(invitation.id) if invitation else None,
        )
        return InvalidLink()
