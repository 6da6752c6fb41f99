"""The documentation page at `/docs` and its files, all served by this service: no other host, no inline script."""

from functools import cache
from pathlib import Path

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from doorward.interfaces.http.security.access import PUBLIC

STATIC = Path(__file__).parent / "static"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

FILES = {
    "docs": ("docs.html", "text/html"),
    "docs.js": ("docs.js", "text/javascript"),
    "swagger-ui.css": ("swagger-ui.css.gz", "text/css"),
    "swagger-ui-bundle.js": ("swagger-ui-bundle.js.gz", "text/javascript"),
}
"""All files of the page: name in the address, name on the disk, media type. No other file is read."""


@cache
def file_answer(name: str, public_path: str) -> ASGIResponse:
    """Return the answer with this file. Large files are always sent compressed. The page has `public_path` in the
    addresses of its files."""
    file, media_type = FILES[name]
    headers, body = {"Cache-Control": "public, max-age=3600"}, (STATIC / file).read_bytes()
    if name == "docs":
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        body = body.replace(b"{path}", public_path.encode())
    if file.endswith(".gz"):
        headers["Content-Encoding"] = "gzip"
    return ASGIResponse(body=body, media_type=media_type, headers=headers)


def docs_route(path: str, name: str, public_path: str) -> HTTPRouteHandler:
    """Return the route that serves one of FILES."""

    @get(path, include_in_schema=False, opt={"access": PUBLIC}, name=name)
    async def serve() -> ASGIResponse:
        return file_answer(name, public_path)

    return serve


def docs_routes(public_path: str) -> list[HTTPRouteHandler]:
    """Return the routes of the page and of its files, for clients that reach the service under `public_path`."""
    paths = {"docs": "/docs"} | {name: f"/docs/{name}" for name in FILES if name != "docs"}
    return [docs_route(path, name, public_path) for name, path in paths.items()]
