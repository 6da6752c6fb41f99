"""Which browser the tests drive, and what a page does there."""

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
    """What CHROMIUM names, or else what is installed under one of the usual names."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


@dataclass(frozen=True, slots=True)
class Site:
    """The service as a browser finds it."""

    origin: str
    server: Server

    @property
    def own(self) -> str:
        """An empty page of this origin."""
        return f"{self.origin}/own"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a script in a page gets to see of an answer; status 0 is nothing at all."""

    status: int
    text: str = field(repr=False)


async def fetched(page: Page, url: str, method: str = "GET", content: str | None = None, **options: Any) -> Shown:
    """By a script in that page, with credentials and as JSON unless `options` of `fetch` say otherwise."""
    found = await page.evaluate(FETCH, [url, {"method": method, "headers": JSON, "body": content, **options}])
    return Shown(**found)


async def with_own_page(context: BrowserContext) -> None:
    """The browser gets the page `own` of any origin without asking the server for it."""
    await context.route("**/own", lambda route: route.fulfill(content_type="text/html", body="<!doctype html>"))


async def page_at(context: BrowserContext, url: str) -> Page:
    """A fresh tab."""
    page = await context.new_page()
    await page.goto(url)
    return page


async def kept(context: BrowserContext, url: str) -> dict[str, dict[str, Any]]:
    """The cookies that the browser would send there, by name."""
    cookies = cast(Sequence[dict[str, Any]], await context.cookies(url))
    return {cookie["name"]: cookie for cookie in cookies}
