"""The answer to sign-in and refresh."""

from typing import Annotated

import msgspec
from litestar.datastructures import Cookie
from litestar.response.base import ASGIResponse
from msgspec import UNSET, Meta, UnsetType

from doorward.application.ports.attempts import DeviceTokens
from doorward.application.sessions.issue_tokens import SignedIn
from doorward.domain.access.role import RoleName
from doorward.interfaces.http.metrics import count_sign_in
from doorward.interfaces.http.security.cookies import Browser
from doorward.interfaces.http.wire.json_answer import ENCODER


class SignInAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The account, an access token, and a refresh token that gets the next one. Send the access token as
    `Authorization: Bearer ...` or `x-access-token`. Both tokens are absent if they are set as cookies."""

    id: Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
    username: str
    email: str | None
    email_missing: (
        Annotated[bool, Meta(description="True if the account has no email address; ask for one.")] | UnsetType
    ) = UNSET
    roles: Annotated[
        list[str], Meta(description="Each role in upper case with the prefix `ROLE_`.", examples=[["ROLE_USER"]])
    ]
    access_token: Annotated[str, Meta(description="A JWT (RFC 9068).")] | UnsetType = UNSET
    token_type: Annotated[str, Meta(examples=["Bearer"])] = "Bearer"  # noqa: S105 a scheme, no token
    expires_in: Annotated[int, Meta(description="Seconds until the access token expires.", examples=[900])]
    refresh_token: (
        Annotated[str, Meta(description="An opaque text that `/api/auth/refresh` accepts once.")] | msgspec.UnsetType
    ) = msgspec.UNSET
    refresh_expires_in: Annotated[
        int, Meta(description="Seconds until the session ends unless it is refreshed before.", examples=[1_209_600])
    ]


def role_constant(role: RoleName) -> str:
    """Return the role in the form that the tutorial's clients read, such as `ROLE_USER`."""
    return f"ROLE_{role.upper()}"


def first_answer(signed_in: SignedIn, browser: Browser, devices: DeviceTokens) -> ASGIResponse:
    """Return the answer to a sign-in, and count it in the metrics. A browser that uses cookies also gets a device token
    of the account, or keeps the one that it has."""
    count_sign_in("granted")
    if not browser.uses_cookies:
        return sign_in_answer(signed_in, browser)
    device_token = devices.issue(signed_in.user.id, browser.device_token)
    return sign_in_answer(signed_in, browser, browser.cookies.for_device(device_token))


def sign_in_answer(signed_in: SignedIn, browser: Browser, *cookies: Cookie) -> ASGIResponse:
    """Return the answer with the tokens: in its body, or in cookies if the request uses them. Only then it sets the
    other `cookies`, too."""
    user, in_cookies = signed_in.user, browser.uses_cookies
    answer = SignInAnswer(
        id=str(user.id),
        username=user.username.value,
        email=user.address,
        email_missing=UNSET if user.email else True,
        roles=sorted(map(role_constant, user.roles)),
        access_token=UNSET if in_cookies else signed_in.access_token.value,
        expires_in=signed_in.access_token.expires_in,
        refresh_token=UNSET if in_cookies else signed_in.refresh_token.value,
        refresh_expires_in=signed_in.refresh_token.expires_in,
    )
    given = [*browser.cookies.for_tokens(signed_in), *cookies] if in_cookies else ()
    return ASGIResponse(body=ENCODER.encode(answer), media_type="application/json", cookies=given)
