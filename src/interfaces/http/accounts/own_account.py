"""Routes for the account that is signed in."""

from typing import Annotated
from uuid import UUID

import msgspec
from dishka import FromDishka
from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from doorward.application.accounts.change_password import ChangePassword
from doorward.application.accounts.delete_own_account import DeleteOwnAccount
from doorward.application.accounts.update_own_account import UpdateOwnAccount
from doorward.application.change_feed.own_accounts import OwnAccount
from doorward.application.ports.clock import Clock
from doorward.application.sessions.describe_session import DescribeSession
from doorward.application.sessions.list_sessions import ListedSession
from doorward.domain.access.decision import SIGNED_IN
from doorward.domain.access.principal import Principal
from doorward.domain.errors import (
    AccountMissing,
    HashingBusy,
    InvalidLocale,
    InvalidProfile,
    LastAdmin,
    PasswordBlocked,
    PasswordTooLong,
    PasswordTooShort,
    PasswordWrong,
    TooManyAttempts,
)
from doorward.domain.letters.language import Language
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.interfaces.http.docs.answers import json_response
from doorward.interfaces.http.errors.field_errors import MEMBER_NAMES
from doorward.interfaces.http.security.cookies import ends_session
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.sessions.own_sessions import SessionView, session_view
from doorward.interfaces.http.wire.account_members import OtherPassword, PresentPassword
from doorward.interfaces.http.wire.adopted import ALIAS
from doorward.interfaces.http.wire.json_answer import JsonAnswer
from doorward.interfaces.http.wire.profile import (
    LocaleTag,
    ProfileMembers,
    new_locale,
    profile_change,
    profile_view,
)
from doorward.interfaces.http.wire.text_limits import PASSWORD


class AccountView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An account as its owner sees it."""

    id: UUID
    username: str
    email: str | None
    email_verified: bool
    alias: Annotated[str, Meta(description=ALIAS)] | UnsetType = UNSET
    roles: Annotated[list[str], Meta(examples=[["moderator", "user"]])]
    session: SessionView
    locale: Annotated[str | None, Meta(description="The language of letters.", examples=["de"])]
    profile: ProfileMembers | None


class PasswordChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    current_password: Annotated[str, Meta(extra_json_schema=PASSWORD)]
    new_password: OtherPassword


class AccountPatch(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True
):
    """The members to change. Members that are left out keep their values."""

    locale: LocaleTag | UnsetType = UNSET
    profile: ProfileMembers | UnsetType | None = UNSET


class Confirmation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The password, as a confirmation of what cannot be undone."""

    password: PresentPassword


def account_view(account: OwnAccount, session: ListedSession) -> AccountView:
    """Return an account as its owner sees it in that session."""
    user = account.user
    return AccountView(
        id=user.id,
        username=user.username.value,
        email=user.address,
        email_verified=user.email_verified,
        alias=user.alias.value if user.alias else UNSET,
        roles=sorted(user.roles),
        session=session_view(session, session.session.id),
        locale=user.locale,
        profile=profile_view(account.profile),
    )


class AccountController(Controller):
    path = "/api/account"
    tags = ("Own account",)
    opt = {"access": SIGNED_IN}  # noqa: RUF012

    @get(
        "/",
        operation_id="getOwnAccount",
        summary="Get the own account and session",
        responses=json_response(AccountView),
    )
    @inject
    async def get_account(
        self,
        principal: NamedDependency[Principal],
        describe: FromDishka[DescribeSession],
    ) -> JsonAnswer:
        """A change that another node made shows within a second, and the last use of the session within four."""
        return JsonAnswer.of(account_view(*await describe(principal)))

    @patch(
        "/",
        status_code=204,
        operation_id="updateOwnAccount",
        summary="Change the own locale or profile",
        opt={"refusals": (InvalidLocale, InvalidProfile)},
    )
    @inject
    async def update(
        self,
        data: JSONBody[AccountPatch],
        principal: NamedDependency[Principal],
        update: FromDishka[UpdateOwnAccount],
    ) -> None:
        """A profile replaces the present one as a whole."""
        await update(principal, new_locale(data.locale), profile_change(data.profile))

    @delete(
        "/",
        operation_id="deleteOwnAccount",
        summary="Delete the own account",
        middleware=[ends_session],
        opt={
            "limit": LimitName.CONFIRM,
            "refusals": (
                PasswordWrong,
                AccountMissing,
                LastAdmin,
                TooManyAttempts,
                HashingBusy,
            ),
        },
    )
    @inject
    async def remove(
        self,
        data: JSONBody[Confirmation],
        principal: NamedDependency[Principal],
        remove: FromDishka[DeleteOwnAccount],
        clock: FromDishka[Clock],
    ) -> None:
        """The sessions end, and the tokens are rejected. An admin can restore the account for
        `DOORWARD_DELETED_ACCOUNTS_DAYS`, 30 by default; its name and email stay taken until then. After that it is
        deleted for good."""
        await remove(principal, data.password, clock.now())

    @post(
        "/password",
        status_code=204,
        operation_id="changePassword",
        summary="Change the password",
        opt={
            "limit": LimitName.CONFIRM,
            MEMBER_NAMES: {"password": "newPassword"},
            "refusals": (
                PasswordWrong,
                PasswordTooShort,
                PasswordTooLong,
                PasswordBlocked,
                TooManyAttempts,
                HashingBusy,
            ),
        },
    )
    @inject
    async def change_password(
        self,
        data: JSONBody[PasswordChange],
        language: NamedDependency[Language | None],
        principal: NamedDependency[Principal],
        change: FromDishka[ChangePassword],
        clock: FromDishka[Clock],
    ) -> None:
        """This session continues; all other sessions of the account end. The holder of the account is told by
        letter."""
        await change(principal, data.current_password, data.new_password, clock.now(), language)
