from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.access.authorize_change import authorize_change
from doorward.application.access.unknown_roles import unknown_roles
from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import Actor
from doorward.domain.access.principal import Principal
from doorward.domain.access.role import USER, parse_role_name
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.invitation import INVITATION_LIFE, Invitation
from doorward.domain.accounts.sign_up import SignUp
from doorward.domain.errors import RoleUnknown
from doorward.domain.ids import InvitationId, uuid7
from doorward.domain.letters.language import Language
from doorward.domain.letters.letter import Letter


@final
@dataclass(frozen=True, slots=True)
class InviteUser:
    """Orders the letter with the link by which somebody creates an account with these roles.

    It replaces an older invitation for the same address. Whether the address has an account is looked up when the
    letter is sent, so that the answer does not tell it.
    """

    storage: Storage
    sign_up: SignUp
    log: SecurityLog

    async def __call__(
        self, email: str, roles: Iterable[str], locale: Language | None, now: datetime, by: Actor
    ) -> Invitation:
        """Raise SignUpClosed, InvalidEmail, InvalidRoleName or RoleUnknown."""
        self.sign_up.refuse_invited()
        address, granted = Email.parse(email), frozenset({USER, *map(parse_role_name, roles)})
        for unknown in await unknown_roles(self.storage, sorted(granted)):
            raise RoleUnknown(unknown)
        invitation = Invitation(
            id=InvitationId(uuid7(now)),
            email=address,
            roles=granted,
            locale=locale,
            invited_by=by.user_id if isinstance(by, Principal) else None,
            created_at=now,
            expires_at=now + INVITATION_LIFE,
        )
        await self._put(invitation, by)
        self.log.record(
            SecurityEvent.INVITATION_ADDED,
            invitation_id=str(invitation.id),
            by=by.log_name,
            roles=" ".join(sorted(granted)),
        )
        return invitation

    @retried
    async def _put(self, invitation: Invitation, by: Actor) -> None:
        async with self.storage.transaction() as tx:
            await authorize_change(tx, by, self.log)
            await tx.invitations.put(invitation)
            await tx.letters.add(Letter.of_invitation(invitation))
            after = {"invitation": str(invitation.id), "roles": sorted(invitation.roles)}
            await tx.audit.append(AuditEntry(event=SecurityEvent.INVITATION_ADDED, by=by, after=after))
