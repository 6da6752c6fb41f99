"""The routes for people who sign in with a code from a letter. Only DOORWARD_EMAIL_CODES turns them on."""

from typing import Annotated

import msgspec
from dishka import FromDishka
from litestar import post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta

from doorward.application.accounts.request_sign_in_code import RequestSignInCode
from doorward.application.accounts.sign_in_by_code import SignInByCode
from doorward.application.ports.attempts import DeviceTokens
from doorward.application.ports.clock import Clock
from doorward.domain.errors import InvalidCode, InvalidEmail, TooManyAttempts
from doorward.domain.letters.language import Language
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.domain.sessions.origin import Origin
from doorward.interfaces.http.docs.answers import json_response
from doorward.interfaces.http.errors.refusals import CrossSiteRequest
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.security.cookies import Browser
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.sessions.origin import client_origin
from doorward.interfaces.http.sessions.sign_in_answer import SignInAnswer, first_answer
from doorward.interfaces.http.wire.account_members import EmailOfAccount
from doorward.interfaces.http.wire.message import Message

TAGS = ("Sign-in by a letter",)


class CodeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    email: EmailOfAccount


class SignInByLetter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The code of a letter, and the email to which it went."""

    email: EmailOfAccount
    code: Annotated[
        str,
        Meta(
            description="The eight digits of the letter. Blanks between them do not count.",
            examples=["04839271"],
            extra_json_schema={"format": "password"},
        ),
    ]
    cookies: Annotated[
        bool,
        Meta(
            description="For browsers: true returns the tokens as cookies. Needs a JSON body and an allowed `Origin`."
        ),
    ] = False


@post(
    "/api/auth/code/request",
    status_code=202,
    operation_id="requestCode",
    summary="Ask for a letter with a code to sign in",
    tags=TAGS,
    opt={"limit": LimitName.CODE, "access": PUBLIC, "refusals": (InvalidEmail,)},
)
@inject
async def request_code(
    data: JSONBody[CodeRequest],
    language: NamedDependency[Language | None],
    order: FromDishka[RequestSignInCode],
    clock: FromDishka[Clock],
) -> Message:
    """The answer is the same whether or not an account has this email. The letter is in the language of
    `Accept-Language`. An address gets at most one such letter in each minute of the clock."""
    await order(data.email, language, clock.now())
    return Message(message="If an account has this email, a letter with a code is on its way.")


@post(
    "/api/auth/code",
    status_code=200,
    operation_id="signInByCode",
    summary="Sign in with the code of a letter",
    tags=TAGS,
    responses=json_response(SignInAnswer),
    dependencies={"origin": Provide(client_origin, sync_to_thread=False)},
    opt={
        "limit": LimitName.SIGN_IN,
        "access": PUBLIC,
        "refusals": (InvalidEmail, InvalidCode, TooManyAttempts, CrossSiteRequest),
    },
)
@inject
async def sign_in_by_code(
    data: JSONBody[SignInByLetter],
    origin: NamedDependency[Origin],
    browser: NamedDependency[Browser],
    sign_in: FromDishka[SignInByCode],
    devices: FromDishka[DeviceTokens],
    clock: FromDishka[Clock],
) -> ASGIResponse:
    """Starts a session, as a sign-in with the password does. A code works once, within ten minutes, and is void after
    five tries. The answer to a failed attempt does not tell whether the account exists."""
    browser.use_cookies(wanted=data.cookies)
    return first_answer(await sign_in(data.email, data.code, clock.now(), origin), browser, devices)
