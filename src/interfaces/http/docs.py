"""The page at `/docs`, every asset of which is served from here: no foreign host, nothing inline."""

import gzip
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from interfaces.http.guard import PUBLIC
from interfaces.http.prepared import file_answer

STATIC = Path(__file__).parent / "static"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

FILES = {
    "docs": ("docs.html", "text/html"),
    "docs.js": ("docs.js", "text/javascript"),
    "swagger-ui.css": ("swagger-ui.css.gz", "text/css"),
    "swagger-ui-bundle.js": ("swagger-ui-bundle.js.gz", "text/javascript"),
}
"""All there is: a name that is not in this table is not looked for on the disk."""


@cache
def prepared(name: str, *, packed: bool) -> ASGIResponse:
    file, media_type = FILES[name]
    content = (STATIC / file).read_bytes()
    headers = {"Cache-Control": "public, max-age=3600", "Vary": "Accept-Encoding"}
    if name == "docs":
        headers["Content-Security-Policy"] = PAGE_POLICY
    if file.endswith(".gz") and packed:
        headers["Content-Encoding"] = "gzip"
    elif file.endswith(".gz"):
        content = gzip.decompress(content)
    return file_answer(content, media_type, headers)


def docs_route(path: str, name: str) -> HTTPRouteHandler:
    @get(path, include_in_schema=False, opt={"access": PUBLIC}, name=name)
    async def serve(request: Request[Any, Any, Any]) -> ASGIResponse:
        return prepared(name, packed="gzip" in request.headers.get("accept-encoding", ""))

    return serve


def docs_routes() -> list[HTTPRouteHandler]:
    return [docs_route("/docs", "docs"), *(docs_route(f"/docs/{name}", name) for name in FILES if name != "docs")]
