"""The routes for people who forgot their password."""

import msgspec
from dishka import FromDishka
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from doorward.application.accounts.request_password_reset import RequestPasswordReset
from doorward.application.accounts.reset_password import ResetPassword
from doorward.application.ports.clock import Clock
from doorward.domain.audit.source import Source
from doorward.domain.errors import (
    HashingBusy,
    InvalidEmail,
    InvalidLink,
    PasswordBlocked,
    PasswordTooLong,
    PasswordTooShort,
)
from doorward.domain.letters.language import Language
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.interfaces.http.errors.field_errors import MEMBER_NAMES
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.wire.account_members import EmailOfAccount, OtherPassword
from doorward.interfaces.http.wire.link_use import LinkToken
from doorward.interfaces.http.wire.message import Message

TAGS = ("Forgotten password",)


class ForgottenPassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    email: EmailOfAccount


class PasswordReset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    token: LinkToken
    new_password: OtherPassword


@post(
    "/api/auth/password/forgot",
    status_code=202,
    operation_id="forgotPassword",
    summary="Ask for a letter with a link to choose a new password",
    tags=TAGS,
    opt={"limit": LimitName.FORGOT, "access": PUBLIC, "refusals": (InvalidEmail,)},
)
@inject
async def forgot_password(
    data: JSONBody[ForgottenPassword],
    language: NamedDependency[Language | None],
    request_reset: FromDishka[RequestPasswordReset],
    clock: FromDishka[Clock],
) -> Message:
    """The answer is the same whether or not an account has this email. The letter is in the language of
    `Accept-Language`. An address gets at most one such letter in each minute of the
    clock."""
    await request_reset(data.email, language, clock.now())
    return Message(message="If an account has this email, a letter is on its way.")


@post(
    "/api/auth/password/reset",
    status_code=204,
    operation_id="resetPassword",
    summary="Choose a new password with the token of a letter",
    tags=TAGS,
    opt={
        "limit": LimitName.RESET,
        "access": PUBLIC,
        MEMBER_NAMES: {"password": "newPassword"},
        "refusals": (InvalidLink, PasswordTooShort, PasswordTooLong, PasswordBlocked, HashingBusy),
    },
)
@inject
async def reset_password(
    data: JSONBody[PasswordReset],
    language: NamedDependency[Language | None],
    visitor: NamedDependency[Source],
    reset: FromDishka[ResetPassword],
    clock: FromDishka[Clock],
) -> None:
    """A token works once, for half an hour. All sessions of the account end, and nobody is signed in. The holder of the
    account is told by letter."""
    await reset(data.token, data.new_password, language, clock.now(), visitor)
