"""The routes by which the address of an account is verified."""

from uuid import UUID

import msgspec
from dishka import FromDishka
from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from doorward.application.accounts.request_email_verification import RequestEmailVerification
from doorward.application.accounts.resend_email_verification import ResendEmailVerification
from doorward.application.accounts.verify_email import VerifyEmail
from doorward.application.ports.clock import Clock
from doorward.domain.access.decision import any_of
from doorward.domain.access.principal import Principal
from doorward.domain.access.role import ADMIN
from doorward.domain.audit.source import Source
from doorward.domain.errors import (
    AccountDisabled,
    AccountMissing,
    AddressMissing,
    EmailAlreadyVerified,
    InvalidEmail,
    InvalidLink,
)
from doorward.domain.ids import UserId
from doorward.domain.letters.language import Language
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.wire.account_members import EmailOfAccount
from doorward.interfaces.http.wire.link_use import LinkUse
from doorward.interfaces.http.wire.message import Message

TAGS = ("Email address",)


class VerificationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    email: EmailOfAccount


@post(
    "/api/auth/verify/request",
    status_code=202,
    operation_id="requestEmailVerification",
    summary="Ask for a letter with a link that verifies an email address",
    tags=TAGS,
    opt={"limit": LimitName.VERIFY, "access": PUBLIC, "refusals": (InvalidEmail,)},
)
@inject
async def request_verification(
    data: JSONBody[VerificationRequest],
    language: NamedDependency[Language | None],
    request_letter: FromDishka[RequestEmailVerification],
    clock: FromDishka[Clock],
) -> Message:
    """The answer is the same whether or not an account has this email, and whether or not it is verified. An address
    gets at most one such letter in each minute of the clock."""
    await request_letter(data.email, language, clock.now())
    return Message(message="If an account has this email and has not verified it, a letter is on its way.")


@post(
    "/api/auth/verify",
    status_code=204,
    operation_id="verifyEmail",
    summary="Verify an email address with the token of a letter",
    tags=TAGS,
    opt={"limit": LimitName.VERIFY, "access": PUBLIC, "refusals": (InvalidLink,)},
)
@inject
async def verify_email(
    data: JSONBody[LinkUse],
    visitor: NamedDependency[Source],
    verify: FromDishka[VerifyEmail],
    clock: FromDishka[Clock],
) -> None:
    """A token works once, for 24 hours. Nobody is signed in."""
    await verify(data.token, clock.now(), visitor)


@post(
    "/api/admin/users/{user_id:uuid}/verification",
    status_code=202,
    operation_id="resendEmailVerification",
    summary="Send the letter that verifies an email address again",
    tags=("Administration: accounts",),
    opt={"access": any_of(ADMIN), "refusals": (AccountMissing, AccountDisabled, AddressMissing, EmailAlreadyVerified)},
)
@inject
async def resend_verification(
    user_id: FromPath[UUID],
    principal: NamedDependency[Principal],
    resend: FromDishka[ResendEmailVerification],
    clock: FromDishka[Clock],
) -> Message:
    """The letter goes to the address of the account, in the language of its locale. Its link replaces the links before
    it."""
    await resend(UserId(user_id), principal, clock.now())
    return Message(message="A letter is on its way.")
