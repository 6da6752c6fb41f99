"""Visits the applications for FastAPI and Starlette with three tokens, and prints what they answer as JSON.

Its environment has FastAPI, PyJWT and cryptography, and neither Litestar nor SQLAlchemy.
"""

import json
import sys
from importlib.util import find_spec
from typing import Annotated

project, moderator, user, ended = sys.argv[1:]
sys.path.insert(0, project)

from fastapi import Depends, WebSocket  # noqa: E402
from fastapi.testclient import TestClient  # noqa: E402
from shop import app, guard  # noqa: E402
from starlette.applications import Starlette  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import PlainTextResponse  # noqa: E402
from starlette.routing import Mount, Route  # noqa: E402
from starlette.testclient import WebSocketDenialResponse  # noqa: E402

from doorward.guard import Claims  # noqa: E402
from doorward.guard.asgi import require_roles, require_token  # noqa: E402
from doorward.guard.fastapi import require_token as signed_in  # noqa: E402


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def answers(client: TestClient, path: str) -> dict[str, list[object]]:
    """The status and the challenge, or the text, for each kind of visitor."""
    visitors = {"moderator": bearer(moderator), "user": bearer(user), "ended": bearer(ended), "nobody": {}}
    got = {who: client.get(path, headers=headers) for who, headers in visitors.items()}
    return {who: [each.status_code, each.headers.get("www-authenticate", each.text)] for who, each in got.items()}


def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"Hello, {request.state.claims.subject}.")


@app.websocket("/news")
async def news(socket: WebSocket, claims: Annotated[Claims, Depends(signed_in(guard))]) -> None:
    await socket.accept()
    await socket.send_text(str(claims.subject))
    await socket.close()


def websocket(client: TestClient, headers: dict[str, str]) -> str:
    """What the server sends, or the status with which it refuses."""
    try:
        with client.websocket_connect("/news", headers=headers) as socket:
            return socket.receive_text()
    except WebSocketDenialResponse as refused:
        return str(refused.status_code)


in_starlette = Starlette(
    routes=[
        Route("/hello", hello, middleware=[Middleware(require_token, guard)]),
        Mount("/articles", routes=[Route("/", hello)], middleware=[Middleware(require_roles, guard, "moderator")]),
    ]
)
by_fastapi, by_starlette = TestClient(app), TestClient(in_starlette)
two_headers = [("Authorization", f"Bearer {user}"), ("Authorization", "Bearer other")]
document = by_fastapi.get("/openapi.json").json()
sys.stdout.write(
    json.dumps(
        {
            "heavy": [name for name in ("litestar", "sqlalchemy", "msgspec") if find_spec(name)],
            "fastapi": {path: answers(by_fastapi, path) for path in ("/hello", "/articles")},
            "starlette": {path: answers(by_starlette, path) for path in ("/hello", "/articles/")},
            "two headers": by_fastapi.get("/hello", headers=two_headers).status_code,
            "websocket": [websocket(by_fastapi, bearer(user)), websocket(by_fastapi, {})],
            "security": document["paths"]["/articles"]["get"]["security"],
            "schemes": document["components"]["securitySchemes"],
        }
    )
)
guard.close()
