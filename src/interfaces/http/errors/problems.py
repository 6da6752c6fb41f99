"""The body of an error answer: a problem of RFC 9457, with the member `message` that the tutorial's clients read."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from msgspec import json

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"
TITLES: Mapping[int, str] = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Content Too Large",
    414: "URI Too Long",
    422: "Unprocessable Content",
}
"""The title of each status, as in RFC 9110. Older versions of Python have older titles."""

OAUTH_ROUTES: Final = frozenset({b"/api/auth/introspect", b"/api/auth/revoke"})
"""The paths of routes whose clients read the member `error` of RFC 6749."""


def oauth_error(path: bytes, status: int) -> Mapping[str, Any]:
    """Return the additional member of RFC 6749, section 5.2, for a problem with that status on that path, or none."""
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
    """Return the problem as JSON. A published `code` never changes. Each of `errors` has `field` and `message`, and
    `more` has additional members."""
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
