"""The route of refresh."""

from typing import Annotated, Any, Final

import msgspec
from dishka import FromDishka
from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta

from doorward.application.ports.clock import Clock
from doorward.application.sessions.refresh_session import RefreshSession
from doorward.domain.errors import InvalidRefreshToken, RefreshRepeatedTooOften, RefreshTokenReused
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.interfaces.http.docs.answers import json_response
from doorward.interfaces.http.errors.refusals import AmbiguousToken, CrossSiteRequest
from doorward.interfaces.http.metrics import count_refresh
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.security.cookies import Browser
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.security.visitor import current_visitor
from doorward.interfaces.http.sessions.sign_in_answer import SignInAnswer, sign_in_answer


class Refresh(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The refresh token of the session to continue."""

    refresh_token: (
        Annotated[
            str,
            Meta(
                description="The latest refresh token of the session. Leave it out if it is in a cookie.",
                extra_json_schema={"format": "password"},
            ),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET


NO_BODY: Final = Refresh()
"""For a request by cookie without a body."""


@post(
    "/api/auth/refresh",
    status_code=200,
    operation_id="refreshSession",
    summary="Refresh the tokens of a session",
    tags=["Sessions"],
    responses=json_response(SignInAnswer),
    opt={
        "limit": LimitName.REFRESH,
        "access": PUBLIC,
        "refusals": (
            InvalidRefreshToken,
            RefreshTokenReused,
            RefreshRepeatedTooOften,
            CrossSiteRequest,
            AmbiguousToken,
        ),
    },
)
@inject
async def refresh(
    request: Request[Any, Any, Any],
    browser: NamedDependency[Browser],
    refresh_session: FromDishka[RefreshSession],
    clock: FromDishka[Clock],
    data: JSONBody[Refresh] = NO_BODY,
) -> ASGIResponse:
    """Each refresh token can be used once; the answer holds the next one. A client that lost the answer may repeat the
    request a few times within a few seconds, and gets the same tokens. Later, a used token counts as stolen, and its
    session ends."""
    # Litestar would start a task for each of two dependencies, which takes a tenth of this request.
    visitor = current_visitor(request)
    signed_in = await refresh_session(browser.refresh_token(data.refresh_token), clock.now(), visitor)
    count_refresh("retried" if signed_in.retried else "granted")
    return sign_in_answer(signed_in, browser)
