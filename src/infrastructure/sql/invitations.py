from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, final

from sqlalchemy import bindparam, delete, insert, select, update

from doorward.domain.access.role import RoleName
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.invitation import Invitation
from doorward.domain.errors import TransactionConflict
from doorward.domain.ids import InvitationId, UserId
from doorward.domain.letters.language import is_language
from doorward.domain.letters.link_token import LinkTokenHash
from doorward.infrastructure.sql.connection import SqlConnection, SqlRow
from doorward.infrastructure.sql.errors import ConstraintViolated
from doorward.infrastructure.sql.expiry import Expiry
from doorward.infrastructure.sql.tables import invitations

BY_ID = invitations.c.id == bindparam("invitation_id")
BY_ADDRESS = invitations.c.email_key == bindparam("address")
BY_TOKEN = invitations.c.token_hash == bindparam("presented")

FIND = select(invitations).where(BY_TOKEN)
OF_ADDRESS = select(invitations).where(BY_ADDRESS)
FIRST_PAGE = select(invitations).order_by(invitations.c.id).limit(bindparam("count"))
PAGE = FIRST_PAGE.where(invitations.c.id > bindparam("after"))
ADD = insert(invitations)
SET_TOKEN = update(invitations).where(BY_ID)
SPEND = delete(invitations).where(BY_TOKEN)
REMOVE = delete(invitations).where(BY_ID)
REMOVE_OLDER = delete(invitations).where(BY_ADDRESS)
EXPIRY = Expiry.of(invitations.c.id, invitations.c.expires_at)


@final
@dataclass(frozen=True, slots=True)
class SqlInvitations:
    connection: SqlConnection

    async def find(self, token_hash: LinkTokenHash) -> Invitation | None:
        for row in await self.connection.rows(FIND, {"presented": token_hash}):
            return to_invitation(row)
        return None

    async def by_address(self, email_key: str) -> Invitation | None:
        for row in await self.connection.rows(OF_ADDRESS, {"address": email_key}):
            return to_invitation(row)
        return None

    async def page(self, after: InvitationId | None, limit: int) -> Sequence[Invitation]:
        if after is None:
            rows = await self.connection.rows(FIRST_PAGE, {"count": limit})
        else:
            rows = await self.connection.rows(PAGE, {"count": limit, "after": after})
        return [to_invitation(row) for row in rows]

    async def put(self, invitation: Invitation) -> None:
        await self.connection.change(REMOVE_OLDER, {"address": invitation.email.key})
        try:
            await self.connection.change(ADD, to_row(invitation))
        except ConstraintViolated as error:
            raise TransactionConflict(cause="address_invited") from error

    async def set_token(self, invitation_id: InvitationId, token_hash: LinkTokenHash) -> bool:
        values = {"invitation_id": invitation_id, "token_hash": token_hash}
        return bool(await self.connection.change(SET_TOKEN, values))

    async def spend(self, token_hash: LinkTokenHash) -> bool:
        return bool(await self.connection.change(SPEND, {"presented": token_hash}))

    async def remove(self, invitation_id: InvitationId) -> bool:
        return bool(await self.connection.change(REMOVE, {"invitation_id": invitation_id}))

    async def prune(self, expired_before: datetime, limit: int) -> int:
        return await EXPIRY.prune(self.connection, expired_before, limit)


def to_row(invitation: Invitation) -> dict[str, Any]:
    return {
        "id": invitation.id,
        "email": invitation.email.value,
        "email_key": invitation.email.key,
        "role_names": " ".join(sorted(invitation.roles)),
        "locale": invitation.locale,
        "invited_by": invitation.invited_by,
        "token_hash": invitation.token_hash,
        "created_at": invitation.created_at,
        "expires_at": invitation.expires_at,
    }


def to_invitation(row: SqlRow) -> Invitation:
    return Invitation(
        id=InvitationId(row.id),
        email=Email(row.email, row.email_key),
        roles=frozenset(map(RoleName, row.role_names.split())),
        locale=row.locale if is_language(row.locale) else None,
        invited_by=UserId(row.invited_by) if row.invited_by else None,
        token_hash=LinkTokenHash(row.token_hash) if row.token_hash else None,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
