"""A real browser against real servers: over http on loopback, and over TLS as behind a proxy. Without a Chromium these
tests are skipped, and the last lines of the report say so; with CI=true that is a failure."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright

from support.http.browsing import NAMES, Site, find_chromium, with_own_page
from support.http.tls_proxy import certificate, terminating
from support.programs.processes import free_port
from support.programs.server_process import running

WITHOUT_GPU = ["--disable-gpu", "--disable-software-rasterizer"]
"""Nobody looks at the pages. Drawing them without a graphics card takes a fifth of the browser's time."""

MISSING = f"no Chromium: set CHROMIUM to its path, or install one of {', '.join(NAMES)}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if find_chromium() is None:
        terminalreporter.write_line(f"Browser tests: NOT RUN, {MISSING}.")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Its path."""
    found = find_chromium()
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright(chromium: str) -> AsyncIterator[Playwright]:
    async with async_playwright() as driver:
        yield driver


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(playwright: Playwright, chromium: str) -> AsyncIterator[Browser]:
    launched = await playwright.chromium.launch(executable_path=chromium, args=WITHOUT_GPU)
    yield launched
    await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that has been nowhere yet."""
    fresh = await browser.new_context(ignore_https_errors=True)
    await with_own_page(fresh)
    yield fresh
    await fresh.close()


class Pages(BaseHTTPRequestHandler):
    """The same empty page for every path."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Theirs</title><iframe name=aside></iframe>")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def serving_pages() -> Iterator[int]:
    """The port, on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def foreign_port() -> Iterator[int]:
    """Pages that are none of ours."""
    with serving_pages() as port:
        yield port


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("certified"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def foreign_tls_port(foreign_port: int, certified: Path) -> AsyncIterator[int]:
    """The same pages over TLS."""
    port = free_port()
    async with terminating(port, foreign_port, certified):
        yield port


@pytest.fixture(scope="session")
def application() -> Iterator[str]:
    """The origin of an application whose pages may call."""
    with serving_pages() as port:
        yield f"http://127.0.0.1:{port}"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def plain(tmp_path_factory: pytest.TempPathFactory, application: str) -> AsyncIterator[Site]:
    with running(tmp_path_factory.mktemp("plain"), cors_origins=application) as server:
        yield Site(server.url, server)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def behind_tls(tmp_path_factory: pytest.TempPathFactory, certified: Path) -> AsyncIterator[Site]:
    port = free_port()
    origin = f"https://127.0.0.1:{port}"
    with running(tmp_path_factory.mktemp("behind-tls"), public_url=origin) as server:
        async with terminating(port, server.port, certified):
            yield Site(origin, server)


@pytest_asyncio.fixture(params=["http loopback", "https"], loop_scope="session")
async def site(request: pytest.FixtureRequest, plain: Site, behind_tls: Site) -> Site:
    """Either."""
    return behind_tls if request.param == "https" else plain
