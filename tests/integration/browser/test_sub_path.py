"""What a real browser does with a service whose public URL has a path."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext

from doorward.testing.builders import PASSWORD
from support.http.browsing import Site, fetched, kept, page_at
from support.http.tls_proxy import terminating
from support.programs.processes import free_port
from support.programs.server_process import running

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared_host(tmp_path_factory: pytest.TempPathFactory, certified: Path) -> AsyncIterator[Site]:
    port = free_port()
    origin = f"https://127.0.0.1:{port}"
    with running(tmp_path_factory.mktemp("path"), public_url=f"{origin}/auth") as server:
        async with terminating(port, server.port, certified):
            yield Site(origin, server)


async def test_the_browser_keeps_the_cookies_for_the_path_alone(context: BrowserContext, shared_host: Site) -> None:
    """RF-15."""
    page = await page_at(context, shared_host.own)
    username = shared_host.server.create_user("below").username
    content = json.dumps({"username": username, "password": PASSWORD, "cookies": True})
    base = f"{shared_host.origin}/auth"
    assert (await fetched(page, f"{base}/api/auth/signin", "POST", content)).status == 200
    cookies = await kept(context, f"{base}/api/account")
    shared_host.server.secrets |= {cookie["value"] for cookie in cookies.values()}
    assert cookies.keys() == {f"__Secure-doorward-{name}" for name in ("access", "refresh")}
    assert await kept(context, f"{shared_host.origin}/shop") == {}
    assert await kept(context, f"{shared_host.origin}/author") == {}
    assert (await fetched(page, f"{base}/api/test/user")).status == 200
    assert (await fetched(page, f"{base}/api/auth/signout", "POST")).status == 204
    assert await kept(context, f"{base}/api/account") == {}


@pytest.mark.full
async def test_the_documentation_page_finds_its_files_and_the_document(
    context: BrowserContext, shared_host: Site
) -> None:
    page = await context.new_page()
    asked: list[str] = []
    failed: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda response: failed.append(response.url) if response.status != 200 else None)
    await page.goto(f"{shared_host.origin}/auth/docs")
    await page.locator(".opblock").first.wait_for()
    assert await page.locator(".servers option").all_text_contents() == ["/auth"]
    assert failed == []
    addresses = [url for url in asked if not url.startswith("data:")]
    assert len(addresses) >= 5
    assert all(url.startswith(f"{shared_host.origin}/auth/") for url in addresses)
