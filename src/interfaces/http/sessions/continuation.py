"""The route of refresh for clients of the tutorial's family. Only the tutorial dialect has it."""

from typing import Annotated, Final

import msgspec
from dishka import FromDishka
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from doorward.application.ports.clock import Clock
from doorward.application.sessions.continue_session import ContinueSession
from doorward.domain.audit.source import Source
from doorward.domain.errors import KeptTokenReused, RefreshTokenExpired, RefreshTokenMissing, RefreshTokenUnknown
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.interfaces.http.metrics import count_refresh
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.security.injection import inject


class Continuation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The refresh token of the session to continue."""

    refresh_token: (
        Annotated[
            str,
            Meta(
                description="The refresh token of the sign-in. Without one the answer is 403.",
                extra_json_schema={"format": "password"},
            ),
        ]
        | UnsetType
    ) = UNSET


class ContinuedSession(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new access token, and the same refresh token again."""

    access_token: Annotated[str, Meta(description="A JWT (RFC 9068).")]
    refresh_token: Annotated[str, Meta(description="The refresh token of the request.")]


NO_BODY: Final = Continuation()
"""For a request without a body."""


@post(
    "/api/auth/refreshtoken",
    status_code=200,
    operation_id="continueSession",
    summary="Get a new access token and keep the refresh token",
    tags=["Sessions"],
    opt={
        "limit": LimitName.REFRESH,
        "access": PUBLIC,
        "refusals": (RefreshTokenMissing, RefreshTokenUnknown, RefreshTokenExpired, KeptTokenReused),
    },
)
@inject
async def continue_session(
    visitor: NamedDependency[Source],
    continued: FromDishka[ContinueSession],
    clock: FromDishka[Clock],
    data: JSONBody[Continuation] = NO_BODY,
) -> ContinuedSession:
    """For clients that keep the refresh token of their sign-in. A stolen token is recognised less often than at
    `/api/auth/refresh`, so use that route where you can. A session that was refreshed there is refused here."""
    given = None if data.refresh_token is UNSET else data.refresh_token
    signed_in = await continued(given, clock.now(), visitor)
    count_refresh("granted")
    return ContinuedSession(access_token=signed_in.access_token.value, refresh_token=signed_in.refresh_token.value)
