"""The route of sign-in."""

from typing import Annotated

import msgspec
from dishka import FromDishka
from litestar import post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta

from doorward.application.accounts.authenticate import Authenticate
from doorward.application.ports.attempts import DeviceTokens
from doorward.application.ports.clock import Clock
from doorward.domain.errors import (
    EmailNotVerified,
    HashingBusy,
    InvalidCredentials,
    TooManyAttempts,
    UnknownAccount,
    WrongPassword,
)
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.domain.sessions.origin import Origin
from doorward.interfaces.http.docs.answers import json_response
from doorward.interfaces.http.errors.refusals import CrossSiteRequest
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.security.cookies import Browser
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.sessions.origin import client_origin
from doorward.interfaces.http.sessions.sign_in_answer import SignInAnswer, first_answer
from doorward.interfaces.http.wire.new_account import EXAMPLE_PASSWORD
from doorward.interfaces.http.wire.text_limits import PASSWORD


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The credentials of an account."""

    username: Annotated[str, Meta(description="The username or the email.", examples=["ada"])]
    password: Annotated[str, Meta(examples=[EXAMPLE_PASSWORD], extra_json_schema=PASSWORD)]
    cookies: Annotated[
        bool,
        Meta(
            description="For browsers: true returns the tokens as cookies. Needs a JSON body and an allowed `Origin`."
        ),
    ] = False


@post(
    "/api/auth/signin",
    status_code=200,
    operation_id="signIn",
    summary="Sign in with username or email, and password",
    tags=["Sign-up and sign-in"],
    responses=json_response(SignInAnswer),
    dependencies={"origin": Provide(client_origin, sync_to_thread=False)},
    opt={
        "limit": LimitName.SIGN_IN,
        "access": PUBLIC,
        "refusals": (
            InvalidCredentials,
            UnknownAccount,
            WrongPassword,
            TooManyAttempts,
            CrossSiteRequest,
            HashingBusy,
            EmailNotVerified,
        ),
    },
)
@inject
async def sign_in(
    data: JSONBody[SignIn],
    origin: NamedDependency[Origin],
    browser: NamedDependency[Browser],
    authenticate: FromDishka[Authenticate],
    devices: FromDishka[DeviceTokens],
    clock: FromDishka[Clock],
) -> ASGIResponse:
    """Starts a session. The answer to a failed attempt does not tell whether the account exists. If
    the settings require a verified address, the right password of an account without one gets 403."""
    browser.use_cookies(wanted=data.cookies)
    signed_in = await authenticate(data.username, data.password, clock.now(), origin)
    return first_answer(signed_in, browser, devices)
