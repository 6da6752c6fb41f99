"""The route of token revocation, for registered services."""

from typing import Any, Final

from dishka import FromDishka
from litestar import Request, post
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse

from doorward.application.ports.clock import Clock
from doorward.application.services.revoke_token import RevokeToken
from doorward.domain.rate_limits.limit_name import LimitName
from doorward.interfaces.http.security.access import SERVICE
from doorward.interfaces.http.security.guard import current_service
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.services.presented_token import PresentedToken

EMPTY_ANSWER: Final = ASGIResponse()


@post(
    "/api/auth/revoke",
    status_code=200,
    operation_id="revoke",
    summary="Revoke a token by ending its session",
    tags=["Services"],
    opt={"limit": LimitName.INTROSPECT, "access": SERVICE},
)
@inject
async def revoke(
    request: Request[Any, Any, Any],
    data: JSONBody[PresentedToken],
    revoke_token: FromDishka[RevokeToken],
    clock: FromDishka[Clock],
) -> ASGIResponse:
    """RFC 7009. The answer is 200 for every token, valid or not. The session of a valid token ends, and with it its
    access tokens and its refresh token: on this node at once, on every other node within one second."""
    await revoke_token(data.token, clock.now(), by=current_service(request))
    return EMPTY_ANSWER
