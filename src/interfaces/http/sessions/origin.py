"""Where a sign-in comes from, by which people recognise their sessions."""

from typing import Any

from litestar import Request
from litestar.di import NamedDependency

from doorward.domain.sessions.origin import Origin
from doorward.domain.sessions.session import Device
from doorward.interfaces.http.security.cookies import Browser
from doorward.interfaces.http.wire.languages import client_language


def client_origin(request: Request[Any, Any, Any], browser: NamedDependency[Browser]) -> Origin:
    """Return the client address that the edge found, the `User-Agent`, the device token, and the language. Raise
    AmbiguousToken or HeadersTooLarge."""
    return Origin(
        device=Device.described(request.scope["state"]["ip"], request.headers.get("user-agent", "")),
        device_token=browser.device_token,
        language=client_language(request),
    )
