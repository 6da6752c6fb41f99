"""The routes of invitations: those of admins, and the one that accepts an invitation."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from dishka import FromDishka
from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from doorward.application.accounts.accept_invitation import AcceptInvitation
from doorward.application.accounts.invite_user import InviteUser
from doorward.application.accounts.list_invitations import MAX_PAGE_SIZE, ListInvitations
from doorward.application.accounts.remove_invitation import RemoveInvitation
from doorward.application.ports.clock import Clock
from doorward.domain.access.principal import Principal
from doorward.domain.accounts.invitation import MAY_INVITE, Invitation
from doorward.domain.audit.source import Source
from doorward.domain.errors import (
    HashingBusy,
    InvalidEmail,
    InvalidLink,
    InvalidLocale,
    InvalidRoleName,
    InvalidUsername,
    InvitationMissing,
    PasswordBlocked,
    PasswordTooLong,
    PasswordTooShort,
    RoleUnknown,
    SignUpClosed,
    UsernameReserved,
    UsernameTaken,
)
from doorward.domain.ids import InvitationId
from doorward.domain.letters.language import Language
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.interfaces.http.errors.refusals import TooManyLargeAnswers
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.wire.link_use import LinkToken
from doorward.interfaces.http.wire.message import Message
from doorward.interfaces.http.wire.new_account import NewEmail, NewPassword, NewUsername
from doorward.interfaces.http.wire.profile import LocaleTag, new_locale
from doorward.interfaces.http.wire.text_limits import MAX_ROLES, ROLE_NAME

AfterId = Annotated[UUID | None, QueryParameter(description="The `after` of the page before.")]
PageSize = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE_SIZE)]


class NewInvitation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """An invitation. Beside the role `user`, the account gets the given roles, as far as they exist by then."""

    email: NewEmail
    roles: Annotated[
        list[Annotated[str, Meta(extra_json_schema=ROLE_NAME)]], Meta(max_length=MAX_ROLES, examples=[["moderator"]])
    ] = []
    locale: LocaleTag | UnsetType = UNSET


class InvitationView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: UUID
    email: str
    roles: Annotated[list[str], Meta(examples=[["moderator", "user"]])]
    locale: Annotated[str | None, Meta(description="The language of the letter.", examples=["de"])]
    invited_by: Annotated[UUID | None, Meta(description="The account that invited; null for the operator.")]
    created_at: Annotated[datetime, Meta(tz=True)]
    expires_at: Annotated[datetime, Meta(tz=True)]


class InvitationList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    invitations: list[InvitationView]
    after: Annotated[UUID | None, Meta(description="Send it as `after` to get the next page; null on the last page.")]


class Acceptance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    token: LinkToken
    username: NewUsername
    password: NewPassword


def invitation_view(invitation: Invitation) -> InvitationView:
    """Return an invitation as admins see it."""
    return InvitationView(
        id=invitation.id,
        email=invitation.email.value,
        roles=sorted(invitation.roles),
        locale=invitation.locale,
        invited_by=invitation.invited_by,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
    )


class AdminInvitationsController(Controller):
    path = "/api/admin/invitations"
    tags = ("Administration: accounts",)
    opt = {"access": MAY_INVITE}  # noqa: RUF012

    @get(
        "/",
        operation_id="listInvitations",
        summary="List invitations, page by page",
        opt={"refusals": (TooManyLargeAnswers,)},
    )
    @inject
    async def list_invitations(
        self, invitations: FromDishka[ListInvitations], after: AfterId = None, limit: PageSize = 50
    ) -> InvitationList:
        """The order is that of their creation. Those that have expired are in it until they are deleted."""
        found = await invitations(InvitationId(after) if after else None, limit)
        return InvitationList(invitations=[invitation_view(each) for each in found.invitations], after=found.after)

    @post(
        "/",
        operation_id="invite",
        summary="Invite somebody to create an account",
        opt={"refusals": (InvalidEmail, InvalidLocale, InvalidRoleName, RoleUnknown, SignUpClosed)},
    )
    @inject
    async def invite(
        self,
        data: JSONBody[NewInvitation],
        principal: NamedDependency[Principal],
        invite: FromDishka[InviteUser],
        clock: FromDishka[Clock],
    ) -> InvitationView:
        """A letter with a link goes to the address, unless it has an account: the answer does not tell that. The
        invitation replaces an older one for the same address."""
        locale = new_locale(data.locale)
        return invitation_view(await invite(data.email, data.roles, locale, clock.now(), by=principal))

    @delete(
        "/{invitation_id:uuid}",
        operation_id="removeInvitation",
        summary="Remove an invitation",
        opt={"refusals": (InvitationMissing,)},
    )
    @inject
    async def remove(
        self,
        invitation_id: FromPath[UUID],
        principal: NamedDependency[Principal],
        remove: FromDishka[RemoveInvitation],
    ) -> None:
        """Its link is refused from then on."""
        await remove(InvitationId(invitation_id), by=principal)


@post(
    "/api/auth/invitation",
    operation_id="acceptInvitation",
    summary="Create the account of an invitation",
    tags=["Sign-up and sign-in"],
    opt={
        "limit": LimitName.SIGN_UP,
        "access": PUBLIC,
        "refusals": (
            InvalidLink,
            InvalidUsername,
            UsernameReserved,
            PasswordTooShort,
            PasswordTooLong,
            PasswordBlocked,
            UsernameTaken,
            HashingBusy,
            SignUpClosed,
        ),
    },
)
@inject
async def accept_invitation(
    data: JSONBody[Acceptance],
    language: NamedDependency[Language | None],
    visitor: NamedDependency[Source],
    accept: FromDishka[AcceptInvitation],
    clock: FromDishka[Clock],
) -> Message:
    """A token works once, for seven days. The account has the address of the invitation, which is verified, and its
    roles. Nobody is signed in."""
    await accept(data.token, data.username, data.password, language, clock.now(), visitor)
    return Message(message="User registered successfully!")
