"""The routes by which the address of an account is changed, and by which a change is undone."""

from typing import Annotated

import msgspec
from dishka import FromDishka
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from doorward.application.accounts.confirm_email_change import ConfirmEmailChange
from doorward.application.accounts.request_email_change import RequestEmailChange
from doorward.application.accounts.undo_change import UndoChange
from doorward.application.ports.clock import Clock
from doorward.domain.access.decision import SIGNED_IN
from doorward.domain.access.principal import Principal
from doorward.domain.audit.source import Source
from doorward.domain.errors import EmailTaken, HashingBusy, InvalidEmail, InvalidLink, PasswordWrong, TooManyAttempts
from doorward.domain.letters.language import Language
from doorward.domain.letters.link_token import RESET_LIFE
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.interfaces.http.errors.field_errors import MEMBER_NAMES
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.wire.account_members import PresentPassword
from doorward.interfaces.http.wire.link_use import LinkUse
from doorward.interfaces.http.wire.message import Message
from doorward.interfaces.http.wire.text_limits import EMAIL

TAGS = ("Email address",)


class EmailChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    new_email: Annotated[str, Meta(description="The new email.", examples=["ada@example.com"], extra_json_schema=EMAIL)]
    password: PresentPassword


class ChangeUndone(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    reset_token: Annotated[str, Meta(description="Send it to `POST /api/auth/password/reset` with a new password.")]
    expires_in: Annotated[int, Meta(description="How long the token is valid, in seconds.", examples=[1800])]


@post(
    "/api/account/email",
    status_code=202,
    operation_id="requestEmailChange",
    summary="Ask for a letter that confirms another email address",
    tags=TAGS,
    opt={
        "limit": LimitName.CONFIRM,
        "access": SIGNED_IN,
        MEMBER_NAMES: {"email": "newEmail"},
        "refusals": (InvalidEmail, PasswordWrong, TooManyAttempts, HashingBusy),
    },
)
@inject
async def request_email_change(
    data: JSONBody[EmailChange],
    language: NamedDependency[Language | None],
    principal: NamedDependency[Principal],
    request_change: FromDishka[RequestEmailChange],
    clock: FromDishka[Clock],
) -> Message:
    """The account keeps its email until the link in the letter to the new one is used. The answer is the same for an
    email that another account has; then its owner is told. An account gets one such letter in each minute of the
    clock."""
    await request_change(principal, data.new_email, data.password, clock.now(), language)
    return Message(message="A letter to the new email is on its way.")


@post(
    "/api/account/email/confirm",
    status_code=204,
    operation_id="confirmEmailChange",
    summary="Confirm another email address with the token of a letter",
    tags=TAGS,
    opt={"limit": LimitName.RESET, "access": PUBLIC, "refusals": (InvalidLink, EmailTaken)},
)
@inject
async def confirm_email_change(
    data: JSONBody[LinkUse],
    language: NamedDependency[Language | None],
    visitor: NamedDependency[Source],
    confirm: FromDishka[ConfirmEmailChange],
    clock: FromDishka[Clock],
) -> None:
    """A token works once, for 24 hours. The new email is verified, and the old one is told. If that was verified, its
    letter has a link that undoes the change for seven days."""
    await confirm(data.token, language, clock.now(), visitor)


@post(
    "/api/auth/undo",
    status_code=200,
    operation_id="undoChange",
    summary="Undo a change of the email address or the password with the token of a letter",
    tags=TAGS,
    opt={"limit": LimitName.RESET, "access": PUBLIC, "refusals": (InvalidLink, EmailTaken, HashingBusy)},
)
@inject
async def undo_change(
    data: JSONBody[LinkUse],
    visitor: NamedDependency[Source],
    undo: FromDishka[UndoChange],
    clock: FromDishka[Clock],
) -> ChangeUndone:
    """For somebody whose account was changed by another person. The account has the email of that letter again, all
    sessions end, all other links become void, and the password does not work any more. The answer has a token for a
    new one."""
    token = await undo(data.token, clock.now(), visitor)
    return ChangeUndone(reset_token=token, expires_in=int(RESET_LIFE.total_seconds()))
