"""The form for Litestar, in an application of somebody else's."""

from typing import Any

import pytest
from litestar import Litestar, Request, WebSocket, get, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.testing import TestClient

from doorward.guard import Claims, Guard
from doorward.guard.litestar import require_roles, require_token
from support.issuer import Issuer


def app_of(guard: Guard) -> Litestar:
    @get("/mine", guards=[require_token(guard)])
    async def mine(request: Request[Any, Claims, Any]) -> str:
        return str(request.auth.subject)

    @get("/moderated", guards=[require_roles(guard, "admin", "moderator")], sync_to_thread=False)
    def moderated(request: Request[Any, Claims, Any]) -> list[str]:
        return sorted(request.state.claims.roles)

    @get("/owned", guards=[require_roles(guard, "owner")])
    async def owned() -> None: ...

    @websocket("/news", guards=[require_token(guard)])
    async def news(socket: WebSocket[Any, Claims, Any]) -> None:
        await socket.accept()
        await socket.send_text(str(socket.auth.subject))
        await socket.close()

    return Litestar([mine, moderated, owned, news], openapi_config=None)


def test_each_route_admits_whom_it_should(guard: Guard, issuer: Issuer) -> None:
    """TK-17."""
    bearer = {"Authorization": f"Bearer {issuer.token}"}
    with TestClient(app_of(guard)) as client:
        assert client.get("/mine", headers=bearer).text == issuer.material.claims["sub"]
        assert client.get("/moderated", headers=bearer).json() == ["moderator", "user"]
        refusals = [
            (client.get("/owned", headers=bearer), 403, 'Bearer error="insufficient_scope"'),
            (client.get("/mine"), 401, "Bearer"),
            (client.get("/mine", headers={"Authorization": "Bearer x"}), 401, 'Bearer error="invalid_token"'),
        ]
        for answer, status, challenge in refusals:
            assert (answer.status_code, answer.headers["www-authenticate"]) == (status, challenge)
        assert refusals[0][0].json() == {
            "status_code": 403,
            "detail": "One of these roles is required: owner.",
            "extra": {"code": "insufficient_scope"},
        }


def test_an_old_list_is_a_503_with_retry_after(guard: Guard, issuer: Issuer) -> None:
    bearer = {"Authorization": f"Bearer {issuer.token}"}
    with TestClient(app_of(guard)) as client:
        assert client.get("/mine", headers=bearer).status_code == 200
        issuer.clock.move(300)
        answer = client.get("/mine", headers=bearer)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_a_websocket_is_guarded_too(guard: Guard, issuer: Issuer) -> None:
    with TestClient(app_of(guard)) as client:
        with client.websocket_connect("/news", headers={"Authorization": f"Bearer {issuer.token}"}) as socket:
            assert socket.receive_text() == issuer.material.claims["sub"]
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/news"):
            pass
