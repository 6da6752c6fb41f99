"""The form for plain ASGI: what reaches the application, and what is answered in its place."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from doorward.guard import Guard
from doorward.guard.asgi import App, Message, Receive, Scope, Send, claims_of, require_roles, require_token
from support.issuer import Issuer

Headers = list[tuple[bytes, bytes]]


class Recorder:
    """An application that keeps the scope that reached it."""

    def __init__(self) -> None:
        self.scope: Scope | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope


@pytest.fixture
def inside() -> Recorder:
    return Recorder()


def bearer(token: str) -> Headers:
    return [(b"host", b"shop.example.org"), (b"authorization", f"Bearer {token}".encode("latin-1"))]


def messages_of(app: App, headers: Headers, kind: str = "http", **members: Any) -> list[Message]:
    """What the application sends in answer to one request."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("the request is answered by its headers alone")

    async def request() -> None:
        await app({"type": kind, "headers": headers, **members}, receive, send)

    asyncio.run(request())
    return sent


def answer_of(app: App, headers: Headers) -> tuple[int, dict[bytes, bytes], dict[str, Any]]:
    start, body = messages_of(app, headers)
    return start["status"], dict(start["headers"]), json.loads(body["body"])


def test_a_request_with_the_role_reaches_the_application_with_its_claims(
    guard: Guard, issuer: Issuer, inside: Recorder
) -> None:
    state = {"pool": "of the application"}
    assert messages_of(require_roles(inside, guard, "admin", "moderator"), bearer(issuer.token), state=state) == []
    assert inside.scope is not None
    assert claims_of(inside.scope).roles == {"moderator", "user"}
    assert inside.scope["state"]["pool"] == "of the application"
    assert state.keys() == {"pool"}, "a server may share the state among requests"


def test_a_token_without_the_role_is_answered_403(guard: Guard, issuer: Issuer, inside: Recorder) -> None:
    """TK-17."""
    status, headers, problem = answer_of(require_roles(inside, guard, "admin"), bearer(issuer.token))
    assert (status, headers[b"www-authenticate"]) == (403, b'Bearer error="insufficient_scope"')
    assert headers[b"content-type"] == b"application/problem+json"
    assert problem == {
        "type": "about:blank",
        "status": 403,
        "code": "insufficient_scope",
        "detail": "One of these roles is required: admin.",
    }
    assert inside.scope is None


def two_headers(token: str) -> Headers:
    return [*bearer(token), (b"Authorization", b"Bearer other")]


@pytest.mark.parametrize(
    ("headers_of", "status", "challenge"),
    [
        (lambda _: [], 401, b"Bearer"),
        (lambda token: bearer(token[:-1]), 401, b'Bearer error="invalid_token"'),
        (lambda token: bearer(token + "\xff"), 401, b'Bearer error="invalid_token"'),
        (lambda token: bearer("\xa0" + token), 401, b'Bearer error="invalid_token"'),
        (lambda token: bearer(token + "\x85"), 401, b'Bearer error="invalid_token"'),
        (two_headers, 400, b'Bearer error="invalid_request"'),
    ],
)
def test_what_is_no_valid_token_is_refused(
    guard: Guard, issuer: Issuer, inside: Recorder, headers_of: Callable[[str], Headers], status: int, challenge: bytes
) -> None:
    """TK-17."""
    got, headers, _ = answer_of(require_token(inside, guard), headers_of(issuer.token))
    assert (got, headers[b"www-authenticate"]) == (status, challenge)
    assert inside.scope is None


def test_without_keys_the_answer_is_503_with_retry_after(issuer: Issuer, inside: Recorder) -> None:
    issuer.is_down = True
    guard = issuer.guard()
    status, headers, problem = answer_of(require_token(inside, guard), bearer(issuer.token))
    assert (status, headers[b"retry-after"], problem["code"]) == (503, b"10", "unavailable")
    assert b"www-authenticate" not in headers
    guard.close()


def test_a_websocket_is_guarded_like_a_request(guard: Guard, issuer: Issuer, inside: Recorder) -> None:
    app = require_token(inside, guard)
    assert messages_of(app, [], "websocket") == [
        {"type": "websocket.close", "code": 1008, "reason": "Send an access token: Authorization: Bearer TOKEN."}
    ]
    extensions: dict[str, Any] = {"websocket.http.response": {}}
    start, body = messages_of(app, [], "websocket", extensions=extensions)
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 401)
    assert body["type"] == "websocket.http.response.body"
    assert inside.scope is None
    assert messages_of(app, bearer(issuer.token), "websocket") == []
    assert inside.scope is not None


def test_the_lifespan_passes_and_fetches_nothing(issuer: Issuer, inside: Recorder) -> None:
    assert messages_of(require_token(inside, issuer.guard()), [], "lifespan") == []
    assert inside.scope is not None
    assert issuer.asked == []


def test_a_request_that_no_guard_admitted_has_no_claims() -> None:
    with pytest.raises(RuntimeError, match="write require_token or require_roles"):
        claims_of({"type": "http"})


def test_a_mistake_in_the_code_does_not_open_a_route(issuer: Issuer, inside: Recorder) -> None:
    guard: Any = issuer.guard()
    with pytest.raises(ValueError, match="write require_token"):
        require_roles(inside, guard)
    with pytest.raises(TypeError, match="each as a text"):
        require_roles(inside, guard, ["moderator"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="write the Guard first"):
        require_roles(inside, "moderator", guard)  # type: ignore[arg-type]
