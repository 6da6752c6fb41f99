"""Who sends a request without a session, for the audit log."""

from typing import Any

from litestar import Request

from doorward.domain.audit.origin import Origin


def current_visitor(request: Request[Any, Any, Any]) -> Origin:
    """Return a visitor at the client address that the edge found."""
    return Origin.visitor(request.scope["state"].get("ip", ""))
