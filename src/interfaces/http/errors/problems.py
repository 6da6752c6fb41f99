"""Errors on the wire: RFC 9457, with what the tutorial's clients look for (`message`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, final

from msgspec import json

MEDIA_TYPE: Final = "application/problem+json"
TITLES: Mapping[int, str] = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Content Too Large",
    414: "URI Too Long",
    422: "Unprocessable Content",
}
"""RFC 9110's phrases, which older Pythons do not have yet."""

OAUTH_ROUTES: Final = frozenset({b"/api/auth/introspect", b"/api/auth/revoke"})
"""Their clients look for the `error` of RFC 6749."""


@final
@dataclass(frozen=True, slots=True)
class Refusal:
    """What the edge answers in the application's place."""

    status: int
    code: str
    detail: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    closes: bool = False
    """The rest of the request is not worth reading, or nobody knows where it ends."""


def oauth_error(path: bytes, status: int) -> Mapping[str, Any]:
    """RFC 6749, section 5.2, for a problem with that status on that path: a further member, or none."""
    if path not in OAUTH_ROUTES or not 400 <= status < 500:
        return {}
    return {"error": "invalid_client" if status == 401 else "invalid_request"}


def problem_body(
    status: int,
    code: str,
    detail: str,
    request_id: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    **more: object,
) -> bytes:
    """`code` never changes once published. Each of `errors` has `field` and `message`; `more` are extra members."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail,
        "message": detail,
        "requestId": request_id,
        **more,
    }
    if errors:
        body["errors"] = errors
    return json.encode(body)
