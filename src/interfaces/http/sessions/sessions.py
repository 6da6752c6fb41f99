"""Routes for refresh and sign-out."""

from typing import Annotated

import msgspec
from dishka import FromDishka
from dishka.integrations.litestar import inject
from litestar import Controller, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta

from doorward.application.ports.clock import Clock
from doorward.application.sessions.end_all_sessions import EndAllSessions
from doorward.application.sessions.refresh_session import RefreshSession
from doorward.application.sessions.sign_out import SignOut
from doorward.domain.access.decision import SIGNED_IN
from doorward.domain.access.principal import Principal
from doorward.domain.errors import (
    AccountMissing,
    CrossSiteRequest,
    InvalidRefreshToken,
    RefreshTokenReused,
)
from doorward.interfaces.http.docs.answers import json_response
from doorward.interfaces.http.errors.refusals import AmbiguousToken
from doorward.interfaces.http.operations.metrics import count_refresh
from doorward.interfaces.http.security.cookies import Browser, ends_session
from doorward.interfaces.http.security.guard import PUBLIC, asking
from doorward.interfaces.http.sessions.signed_in import SignInAnswer, sign_in_answer


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


BY_COOKIE = Refresh()
"""No body at all."""


class SessionsController(Controller):
    path = "/api/auth"
    tags = ("Sessions",)
    dependencies = {"principal": Provide(asking, sync_to_thread=False)}  # noqa: RUF012

    @post(
        "/refresh",
        status_code=200,
        operation_id="refreshSession",
        summary="Refresh the tokens of a session",
        responses=json_response(SignInAnswer),
        middleware=[ends_session(401)],
        opt={
            "access": PUBLIC,
            "refusals": (
                InvalidRefreshToken,
                RefreshTokenReused,
                CrossSiteRequest,
                AmbiguousToken,
            ),
        },
    )
    @inject
    async def refresh(
        self,
        browser: NamedDependency[Browser],
        refresh: FromDishka[RefreshSession],
        clock: FromDishka[Clock],
        data: JSONBody[Refresh] = BY_COOKIE,
    ) -> ASGIResponse:
        """Each refresh token can be used once; the answer holds the next one. A client that lost the answer may repeat
        the request within a few seconds and gets the same tokens. Later, a used token counts as stolen, and its session
        ends."""
        signed_in = await refresh(browser.refresh_token(data.refresh_token), clock.now())
        count_refresh("retried" if signed_in.retried else "granted")
        return sign_in_answer(signed_in, browser)

    @post(
        "/signout",
        status_code=204,
        operation_id="signOut",
        summary="Sign out",
        middleware=[ends_session(204)],
        opt={"access": SIGNED_IN},
    )
    @inject
    async def sign_out(self, principal: NamedDependency[Principal], sign_out: FromDishka[SignOut]) -> None:
        """Ends this session. Its access tokens and its refresh token are rejected, on every node within one second."""
        await sign_out(principal)

    @post(
        "/signout-all",
        status_code=204,
        operation_id="signOutEverywhere",
        summary="Sign out everywhere",
        middleware=[ends_session(204)],
        opt={"access": SIGNED_IN, "refusals": (AccountMissing,)},
    )
    @inject
    async def sign_out_everywhere(
        self, principal: NamedDependency[Principal], end_all: FromDishka[EndAllSessions]
    ) -> None:
        """Ends every session of the account, this one included."""
        await end_all(principal.user_id, by=str(principal.user_id))
