"""The device of a request, by which people recognise their sessions."""

from typing import Any

from litestar import Request

from doorward.domain.sessions.session import Device


def client_device(request: Request[Any, Any, Any]) -> Device:
    """Return the client address that the edge found, and the `User-Agent`."""
    return Device.described(request.scope["state"]["ip"], request.headers.get("user-agent", ""))
