"""Where a request comes from, for people to recognise their sessions by."""

from typing import Any

from litestar import Request

from doorward.domain.sessions.session import Device


def calling(request: Request[Any, Any, Any]) -> Device:
    """By the address that the edge found, and what the client calls itself."""
    return Device.described(request.scope["state"]["ip"], request.headers.get("user-agent", ""))
