"""The route of sign-up."""

from typing import Annotated

import msgspec
from dishka import FromDishka
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from doorward.application.accounts.register_user import RegisterUser
from doorward.application.ports.clock import Clock
from doorward.domain.audit.source import Source
from doorward.domain.errors import (
    EmailTaken,
    HashingBusy,
    InvalidEmail,
    InvalidUsername,
    PasswordBlocked,
    PasswordTooLong,
    PasswordTooShort,
    RoleUnknown,
    SignUpByInvitation,
    SignUpClosed,
    UsernameReserved,
    UsernameTaken,
)
from doorward.domain.letters.language import Language
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.wire.message import Message
from doorward.interfaces.http.wire.new_account import NewEmail, NewPassword, NewUsername
from doorward.interfaces.http.wire.text_limits import MAX_ROLES


class SignUp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A new account. `roles` is accepted from older clients: each role must exist, and none is granted."""

    username: NewUsername
    email: NewEmail
    password: NewPassword
    roles: Annotated[list[str], Meta(max_length=MAX_ROLES, examples=[["user"]])] = []


@post(
    "/api/auth/signup",
    operation_id="signUp",
    summary="Create an account",
    tags=["Sign-up and sign-in"],
    opt={
        "limit": LimitName.SIGN_UP,
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
            SignUpByInvitation,
            SignUpClosed,
        ),
    },
)
@inject
async def sign_up(
    data: JSONBody[SignUp],
    language: NamedDependency[Language | None],
    visitor: NamedDependency[Source],
    register: FromDishka[RegisterUser],
    clock: FromDishka[Clock],
) -> Message:
    """The new account has the role `user` and no other role. Its locale is the language of `Accept-Language`, if
    letters are written in it. A letter with a link that verifies the address goes out, unless the settings say
    otherwise. If they require a verified address, the answer is the same for an email that is in use: then nothing is
    created, and its owner is told by letter."""
    await register(
        data.username, data.email, data.password, clock.now(), roles=data.roles, language=language, by=visitor
    )
    return Message(message="User registered successfully!")
