"""Routes for sign-up and sign-in."""

from typing import Annotated

import msgspec
from dishka import FromDishka
from dishka.integrations.litestar import inject
from litestar import Controller, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta

from doorward.application.accounts.authenticate import Authenticate
from doorward.application.accounts.register_user import RegisterUser
from doorward.application.ports.clock import Clock
from doorward.domain.accounts.password import MAX_PASSWORD_CHARACTERS
from doorward.domain.errors import (
    CrossSiteRequest,
    EmailTaken,
    HashingBusy,
    InvalidCredentials,
    InvalidEmail,
    InvalidUsername,
    PasswordBlocked,
    PasswordTooLong,
    PasswordTooShort,
    RoleUnknown,
    UnknownAccount,
    UsernameReserved,
    UsernameTaken,
    WrongPassword,
)
from doorward.domain.sessions.session import Device
from doorward.interfaces.http.docs.answers import json_response
from doorward.interfaces.http.limits import EMAIL, MOST_ROLES, USERNAME
from doorward.interfaces.http.operations.metrics import count_sign_in
from doorward.interfaces.http.security.cookies import Browser
from doorward.interfaces.http.security.guard import PUBLIC
from doorward.interfaces.http.sessions.device import calling
from doorward.interfaces.http.sessions.signed_in import SignInAnswer, sign_in_answer

PASSWORD = "violet harbour kettle"  # noqa: S105 an example for the document


class SignUp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A new account. `roles` is accepted from older clients: each role must exist, and none is granted."""

    username: Annotated[
        str,
        Meta(
            description="Unique, regardless of case. It is shown as it was typed.",
            examples=["ada"],
            extra_json_schema=USERNAME,
        ),
    ]
    email: Annotated[
        str,
        Meta(
            description="Unique, regardless of case.",
            examples=["ada@example.org"],
            extra_json_schema=EMAIL,
        ),
    ]
    password: Annotated[
        str,
        Meta(
            description="A few words are best. Common passwords, or those made of the username or email, are refused.",
            examples=[PASSWORD],
            extra_json_schema={"format": "password", "maxLength": MAX_PASSWORD_CHARACTERS},
        ),
    ]
    roles: Annotated[list[str], Meta(max_length=MOST_ROLES, examples=[["user"]])] = []


class Message(msgspec.Struct, frozen=True, kw_only=True):
    message: str


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The credentials of an account."""

    username: Annotated[str, Meta(description="The username or the email.", examples=["ada"])]
    password: Annotated[str, Meta(examples=[PASSWORD], extra_json_schema={"format": "password"})]
    cookies: Annotated[
        bool,
        Meta(
            description="For browsers: true returns the tokens as cookies. Needs a JSON body and an allowed `Origin`."
        ),
    ] = False


class AuthController(Controller):
    path = "/api/auth"
    tags = ("Sign-up and sign-in",)
    dependencies = {"device": Provide(calling, sync_to_thread=False)}  # noqa: RUF012

    @post(
        "/signup",
        operation_id="signUp",
        summary="Create an account",
        opt={
            "access": PUBLIC,
            "refusals": (
                InvalidUsername,
                UsernameReserved,
                InvalidEmail,
                PasswordTooShort,
                PasswordTooLong,
                PasswordBlocked,
                RoleUnknown,
                UsernameTaken,
                EmailTaken,
                HashingBusy,
            ),
        },
    )
    @inject
    async def sign_up(
        self, data: JSONBody[SignUp], register: FromDishka[RegisterUser], clock: FromDishka[Clock]
    ) -> Message:
        """The new account has the role `user` and no other role."""
        await register(data.username, data.email, data.password, clock.now(), roles=data.roles)
        return Message(message="User registered successfully!")

    @post(
        "/signin",
        status_code=200,
        operation_id="signIn",
        summary="Sign in with username or email, and password",
        responses=json_response(SignInAnswer),
        opt={
            "access": PUBLIC,
            "refusals": (
                InvalidCredentials,
                UnknownAccount,
                WrongPassword,
                CrossSiteRequest,
                HashingBusy,
            ),
        },
    )
    @inject
    async def sign_in(
        self,
        data: JSONBody[SignIn],
        device: NamedDependency[Device],
        browser: NamedDependency[Browser],
        authenticate: FromDishka[Authenticate],
        clock: FromDishka[Clock],
    ) -> ASGIResponse:
        """Starts a session. The answer to a failed attempt does not tell whether the account exists."""
        browser.accept(cookies=data.cookies)
        signed_in = await authenticate(data.username, data.password, clock.now(), device)
        count_sign_in("granted")
        return sign_in_answer(signed_in, browser)
