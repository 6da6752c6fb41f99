"""The browser that the tests drive, and actions of its pages."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from playwright.async_api import BrowserContext, Page

from support.programs.server_process import Server

NAMES = ("chromium", "chromium-browser", "google-chrome")
JSON = {"Content-Type": "application/json"}
FETCH = """async ([url, options]) => {
    try {
        const answer = await fetch(url, {credentials: "include", ...options});
        return {status: answer.status, text: await answer.text()};
    } catch (error) {
        return {status: 0, text: ""};
    }
}"""


def find_chromium() -> str | None:
    """Return the program that CHROMIUM names, or one that is installed under a usual name."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


@dataclass(frozen=True, slots=True)
class Site:
    """The service at the origin that a browser uses."""

    origin: str
    server: Server

    @property
    def own(self) -> str:
        """The URL of an empty page of this origin."""
        return f"{self.origin}/own"


@dataclass(frozen=True, slots=True)
class Shown:
    """The part of an answer that a script in a page sees. Status 0 means that it sees nothing."""

    status: int
    text: str = field(repr=False)


async def fetched(page: Page, url: str, method: str = "GET", content: str | None = None, **options: Any) -> Shown:
    """Return the answer that a script in the page gets. It sends credentials and JSON unless `options` of `fetch` say
    otherwise."""
    found = await page.evaluate(FETCH, [url, {"method": method, "headers": JSON, "body": content, **options}])
    return Shown(**found)


async def with_own_page(context: BrowserContext) -> None:
    """Let the browser get the page `own` of any origin without a request to the server."""
    await context.route("**/own", lambda route: route.fulfill(content_type="text/html", body="<!doctype html>"))


async def page_at(context: BrowserContext, url: str) -> Page:
    """Return a new tab that shows the URL."""
    page = await context.new_page()
    await page.goto(url)
    return page


async def kept(context: BrowserContext, url: str) -> dict[str, dict[str, Any]]:
    """Return the cookies of tokens that the browser would send to the URL, by name. The one that marks the browser is
    left out."""
    cookies = cast(Sequence[dict[str, Any]], await context.cookies(url))
    return {cookie["name"]: cookie for cookie in cookies if not cookie["name"].endswith("doorward-device")}
