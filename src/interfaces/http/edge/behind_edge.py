"""Puts the application behind the edge of its dialect."""

from litestar.types import ASGIApp

from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.lenient_paths import LenientPaths
from doorward.interfaces.http.edge.middleware import EdgeMiddleware, Report
from doorward.interfaces.http.errors.dialects import DIALECTS


def behind_edge(app: ASGIApp, config: HttpConfig, report: Report) -> ASGIApp:
    """Return the application behind the edge. Only a dialect with lenient paths has a layer in front of it."""
    edge = EdgeMiddleware(app, config, report)
    paths = DIALECTS[config.dialect].lenient_paths
    return LenientPaths(edge, paths, config.public_path) if paths else edge
