"""Why a request is refused: the status, the headers (RFC 6750, section 3) and a text for the client."""

from collections.abc import Mapping
from typing import ClassVar


class Refusal(Exception):
    """A request that may not pass. `code` never changes, `str(self)` is for people and contains nothing of the
    token."""

    status: ClassVar[int]
    code: ClassVar[str]
    text: ClassVar[str]

    def __init__(self, text: str | None = None) -> None:
        super().__init__(text if text is not None else self.text)

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that the answer must have."""
        return {"WWW-Authenticate": f'Bearer error="{self.code}"'}


class InvalidRequest(Refusal):
    """The request has more than one `Authorization` header."""

    status = 400
    code = "invalid_request"
    text = "Send one Authorization header."


class TokenRequired(Refusal):
    """The request has no access token. The challenge names no error (RFC 6750, section 3.1)."""

    status = 401
    code = "token_required"
    text = "Send an access token: Authorization: Bearer TOKEN."

    @property
    def headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class InvalidToken(Refusal):
    """The access token is expired, revoked, malformed or foreign. The text is the same for all; `reason` is for the
    log, and contains nothing of the token."""

    status = 401
    code = "invalid_token"
    text = "The access token is not valid."

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class RoleRequired(Refusal):
    """The token is valid, and its account has none of the required roles."""

    status = 403
    code = "insufficient_scope"


class Unavailable(Refusal):
    """The keys or the revocation list cannot be had, so nobody can tell whether the token is valid. The same request
    may succeed after `retry_after` seconds; `reason` is for the log."""

    status = 503
    code = "unavailable"
    text = "Access tokens cannot be verified at the moment; try again soon."

    def __init__(self, reason: str, retry_after: int = 1) -> None:
        super().__init__()
        self.reason = reason
        self.retry_after = retry_after

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(self.retry_after)}
