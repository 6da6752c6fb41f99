"""The route of token introspection, for registered services."""

from typing import Annotated

import msgspec
from dishka import FromDishka
from litestar import post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from doorward.application.ports.clock import Clock
from doorward.application.services.introspect_token import (
    ActiveAccessToken,
    ActiveRefreshToken,
    ActiveToken,
    IntrospectToken,
)
from doorward.domain.access.authorization_server import AuthorizationServer
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.interfaces.http.docs.answers import json_response
from doorward.interfaces.http.security.access import SERVICE
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.services.presented_token import PresentedToken
from doorward.interfaces.http.wire.json_answer import JsonAnswer

UUID_TEXT = Meta(extra_json_schema={"format": "uuid"})
UNIX_SECONDS = Meta(description="Seconds since 1970.", examples=[1795435200])


class Introspection(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 7662, section 2.2. If the token is not active, `active` is the only member."""

    active: bool
    scope: (
        Annotated[str, Meta(description="The roles, separated by spaces.", examples=["moderator user"])] | UnsetType
    ) = UNSET
    client_id: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    token_type: Annotated[str, Meta(description="`Bearer` or `refresh_token`.")] | UnsetType = UNSET
    exp: Annotated[int, UNIX_SECONDS] | UnsetType = UNSET
    iat: Annotated[int, UNIX_SECONDS] | UnsetType = UNSET
    sub: Annotated[str, UUID_TEXT] | UnsetType = UNSET
    aud: str | UnsetType = UNSET
    iss: str | UnsetType = UNSET
    jti: Annotated[str, UUID_TEXT] | UnsetType = UNSET
    sid: Annotated[str, UUID_TEXT] | UnsetType = UNSET
    roles: Annotated[list[str], Meta(description="The present roles of the account.")] | UnsetType = UNSET


INACTIVE = Introspection(active=False)


def introspection_view(active: ActiveToken | None, server: AuthorizationServer) -> Introspection:
    """Return what a service learns about a token; `None` is a token that is not active."""
    match active:
        case ActiveAccessToken():
            return access_token_view(active, server)
        case ActiveRefreshToken():
            return refresh_token_view(active, server)
        case None:
            return INACTIVE


def access_token_view(active: ActiveAccessToken, server: AuthorizationServer) -> Introspection:
    """Return what a service learns about an access token."""
    token = active.token
    roles: list[str] = sorted(active.access.roles)
    return Introspection(
        active=True,
        scope=" ".join(roles),
        client_id=server.client_id,
        username=active.access.username,
        token_type="Bearer",  # noqa: S106 a scheme
        exp=int(token.expires_at.timestamp()),
        iat=int(token.issued_at.timestamp()),
        sub=str(token.subject),
        aud=server.audience,
        iss=server.issuer,
        jti=str(token.id),
        sid=str(token.session_id),
        roles=roles,
    )


def refresh_token_view(active: ActiveRefreshToken, server: AuthorizationServer) -> Introspection:
    """Return what a service learns about a refresh token. It was issued when its session was last used."""
    session = active.session
    return Introspection(
        active=True,
        client_id=server.client_id,
        username=active.user.username.value,
        token_type="refresh_token",  # noqa: S106 a kind of token
        exp=int(active.ends_at.timestamp()),
        iat=int(session.last_used_at.timestamp()),
        sub=str(session.user_id),
        sid=str(session.id),
    )


@post(
    "/api/auth/introspect",
    status_code=200,
    operation_id="introspect",
    summary="Introspect a token",
    tags=["Services"],
    responses=json_response(Introspection),
    opt={"limit": LimitName.INTROSPECT, "access": SERVICE},
)
@inject
async def introspect(
    data: JSONBody[PresentedToken],
    introspect_token: FromDishka[IntrospectToken],
    server: FromDishka[AuthorizationServer],
    clock: FromDishka[Clock],
) -> JsonAnswer:
    """RFC 7662. A token is active if this service would accept it now. Introspection changes nothing."""
    return JsonAnswer.of(introspection_view(await introspect_token(data.token, clock.now()), server))
