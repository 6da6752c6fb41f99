"""Sign-up and sign-in."""

from typing import Annotated

import msgspec
from dishka import FromDishka
from dishka.integrations.litestar import inject
from litestar import Controller, post
from litestar.params import JSONBody
from msgspec import Meta

from application.accounts.authenticate import Authenticate, SignedIn
from application.accounts.register_user import RegisterUser
from application.ports.clock import Clock
from domain.access.role import RoleName
from domain.accounts.password import LONGEST
from domain.errors import (
    EmailTaken,
    HashingBusy,
    InvalidCredentials,
    InvalidEmail,
    InvalidUsername,
    PasswordBlocked,
    PasswordTooLong,
    PasswordTooShort,
    RoleUnknown,
    StorageUnavailable,
    UnknownAccount,
    UsernameReserved,
    UsernameTaken,
    WrongPassword,
)
from interfaces.http.guard import PUBLIC
from interfaces.http.limits import EMAIL, MOST_ROLES, USERNAME
from interfaces.http.metrics import count_sign_in

PASSWORD = "violet harbour kettle"  # noqa: S105 an example for the document


class SignUp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A new account. `roles` is known from older clients: the names must exist, and grant nothing."""

    username: Annotated[
        str,
        Meta(
            description="Unique without regard to case; shown as typed.",
            examples=["ada"],
            extra_json_schema=USERNAME,
        ),
    ]
    email: Annotated[
        str,
        Meta(
            description="Unique without regard to case.",
            examples=["ada@example.org"],
            extra_json_schema=EMAIL,
        ),
    ]
    password: Annotated[
        str,
        Meta(
            description="A few words are best. Common ones and those made of the name or address are refused.",
            examples=[PASSWORD],
            extra_json_schema={"format": "password", "maxLength": LONGEST},
        ),
    ]
    roles: Annotated[list[str], Meta(max_length=MOST_ROLES, examples=[["user"]])] = []


class Message(msgspec.Struct, frozen=True, kw_only=True):
    message: str


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Who signs in."""

    username: Annotated[str, Meta(description="The username, or the email.", examples=["ada"])]
    password: Annotated[str, Meta(examples=[PASSWORD], extra_json_schema={"format": "password"})]


class SignInAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An access token and whose it is. The token goes into `Authorization: Bearer ...` or `x-access-token`."""

    id: Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
    username: str
    email: str
    roles: Annotated[list[str], Meta(description="As `ROLE_` and upper case.", examples=[["ROLE_USER"]])]
    access_token: Annotated[str, Meta(description="A JWT as RFC 9068.")]
    token_type: Annotated[str, Meta(examples=["Bearer"])] = "Bearer"  # noqa: S105 a scheme, no token
    expires_in: Annotated[int, Meta(description="Seconds.", examples=[900])]


def as_constant(role: RoleName) -> str:
    return f"ROLE_{role.upper()}"


def sign_in_answer(signed_in: SignedIn) -> SignInAnswer:
    user = signed_in.user
    return SignInAnswer(
        id=str(user.id),
        username=user.username.value,
        email=user.email.value,
        roles=sorted(map(as_constant, user.roles)),
        access_token=signed_in.access_token.value,
        expires_in=signed_in.access_token.expires_in,
    )


class AuthController(Controller):
    path = "/api/auth"
    tags = ("Sign-up and sign-in",)

    @post(
        "/signup",
        operation_id="signUp",
        summary="Make an account",
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
                StorageUnavailable,
            ),
        },
    )
    @inject
    async def sign_up(
        self, data: JSONBody[SignUp], register: FromDishka[RegisterUser], clock: FromDishka[Clock]
    ) -> Message:
        """Whoever signs up has the role `user` and no other."""
        await register(data.username, data.email, data.password, clock.now(), roles=data.roles)
        return Message(message="User registered successfully!")

    @post(
        "/signin",
        status_code=200,
        operation_id="signIn",
        summary="Sign in with username or email, and password",
        opt={
            "access": PUBLIC,
            "refusals": (InvalidCredentials, UnknownAccount, WrongPassword, HashingBusy, StorageUnavailable),
        },
    )
    @inject
    async def sign_in(
        self, data: JSONBody[SignIn], authenticate: FromDishka[Authenticate], clock: FromDishka[Clock]
    ) -> SignInAnswer:
        """Every failed attempt gets the same answer, so that it tells nobody which accounts exist."""
        signed_in = await authenticate(data.username, data.password, clock.now())
        count_sign_in("granted")
        return sign_in_answer(signed_in)
