from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from doorward.domain.accounts.invitation import Invitation
from doorward.domain.ids import InvitationId
from doorward.domain.letters.link_token import LinkTokenHash
from doorward.infrastructure.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryInvitations:
    tables: Tables

    async def find(self, token_hash: LinkTokenHash) -> Invitation | None:
        return next((each for each in self.tables.invitations.values() if each.token_hash == token_hash), None)

    async def by_address(self, email_key: str) -> Invitation | None:
        return next((each for each in self.tables.invitations.values() if each.email.key == email_key), None)

    async def page(self, after: InvitationId | None, limit: int) -> Sequence[Invitation]:
        ids = sorted(each for each in self.tables.invitations if after is None or each > after)
        return [self.tables.invitations[each] for each in ids[:limit]]

    async def put(self, invitation: Invitation) -> None:
        older = await self.by_address(invitation.email.key)
        if older is not None:
            del self.tables.invitations[older.id]
        self.tables.invitations[invitation.id] = invitation

    async def set_token(self, invitation_id: InvitationId, token_hash: LinkTokenHash) -> bool:
        present = self.tables.invitations.get(invitation_id)
        if present is None:
            return False
        self.tables.invitations[invitation_id] = replace(present, token_hash=token_hash)
        return True

    async def spend(self, token_hash: LinkTokenHash) -> bool:
        present = await self.find(token_hash)
        return present is not None and await self.remove(present.id)

    async def remove(self, invitation_id: InvitationId) -> bool:
        return self.tables.invitations.pop(invitation_id, None) is not None

    async def prune(self, expired_before: datetime, limit: int) -> int:
        old = [each.id for each in self.tables.invitations.values() if each.expires_at < expired_before][:limit]
        for invitation_id in old:
            del self.tables.invitations[invitation_id]
        return len(old)
