"""Who sends a request without a session, for the audit log."""

from typing import Any

from litestar import Request

from doorward.domain.audit.source import Source


def current_visitor(request: Request[Any, Any, Any]) -> Source:
    """Return a visitor at the client address that the edge found."""
    return Source.visitor(request.scope["state"].get("ip", ""))
