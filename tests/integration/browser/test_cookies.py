"""What a real browser does with the cookies, and what it lets pages of other origins do."""

import asyncio
import json
import re
from itertools import count
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, Playwright

from doorward.testing.builders import PASSWORD
from support.http.browsing import Shown, Site, fetched, kept, page_at, with_own_page
from support.readme import PROJECT

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOCUMENT = (PROJECT / "docs" / "cookies.md").read_text("utf-8")
NUMBERS = count()
ACCOUNT, GUARDED = "/api/account", "/api/test/user"
mostly_https = pytest.mark.parametrize(
    "site", [pytest.param("http loopback", marks=pytest.mark.full), "https"], indirect=True
)
each_once = pytest.mark.parametrize(
    ("site", "foreign"),
    [
        ("http loopback", "another site"),
        ("https", "another port"),
        pytest.param("http loopback", "another port", marks=pytest.mark.full),
        pytest.param("https", "another site", marks=pytest.mark.full),
    ],
    indirect=True,
)
SIGN_IN, REFRESH, SIGN_OUT = "/api/auth/signin", "/api/auth/refresh", "/api/auth/signout"


def fresh_account(site: Site) -> str:
    """Its username."""
    return site.server.create_user(f"browsing{next(NUMBERS)}").username


async def sign_in(page: Page, site: Site, username: str) -> Shown:
    """By a script of that page."""
    content = json.dumps({"username": username, "password": PASSWORD, "cookies": True})
    shown = await fetched(page, site.origin + SIGN_IN, "POST", content)
    site.server.secrets |= {cookie["value"] for cookie in (await kept(page.context, site.origin)).values()}
    return shown


async def signed_in(context: BrowserContext, site: Site) -> Page:
    """A page of ours, where somebody has signed in."""
    page = await page_at(context, site.own)
    shown = await sign_in(page, site, fresh_account(site))
    assert shown.status == 200
    return page


async def is_let_in(page: Page, site: Site) -> bool:
    shown = await fetched(page, site.origin + GUARDED)
    assert shown.status in {200, 401}
    return shown.status == 200


async def refresh(page: Page, site: Site) -> int:
    return (await fetched(page, site.origin + REFRESH, "POST")).status


async def test_who_signs_in_with_cookies_stays_signed_in_and_no_script_sees_a_token(
    context: BrowserContext, site: Site
) -> None:
    """RF-15: across a reload and in another tab; the cookies are what the browser was told."""
    page = await page_at(context, site.own)
    shown = await sign_in(page, site, username := fresh_account(site))
    assert shown.status == 200
    assert json.loads(shown.text)["username"] == username
    cookies = await kept(context, site.origin)
    https = site.origin.startswith("https")
    prefix = "__Host-" if https else ""
    assert cookies.keys() == {f"{prefix}doorward-access", f"{prefix}doorward-refresh"}
    for cookie in cookies.values():
        assert (cookie["domain"], cookie["path"], cookie["sameSite"]) == ("127.0.0.1", "/", "Lax")
        assert (cookie["httpOnly"], cookie["secure"]) == (True, https)
        assert cookie["value"] not in shown.text
    await page.reload()
    for tab in (page, await page_at(context, site.own)):
        assert await is_let_in(tab, site)
        assert await tab.evaluate("document.cookie") == ""


async def test_a_script_cannot_put_a_cookie_in_the_place_of_ours(context: BrowserContext, behind_tls: Site) -> None:
    """RF-15: not even one of our own pages."""
    page = await signed_in(context, behind_tls)
    before = await kept(context, behind_tls.origin)
    for attributes in ("path=/; secure", "path=/", "path=/api; secure", "path=/; secure; domain=127.0.0.1"):
        for name in before:
            await page.evaluate("text => { document.cookie = text; }", f"{name}=planted; {attributes}")
    assert await kept(context, behind_tls.origin) == before
    assert await is_let_in(page, behind_tls)


async def test_our_documentation_can_be_tried_with_cookies(context: BrowserContext, plain: Site) -> None:
    """RF-15: its page tells nobody where it comes from (`no-referrer`), and yet has an Origin."""
    page = await page_at(context, f"{plain.origin}/docs")
    assert (await sign_in(page, plain, fresh_account(plain))).status == 200
    assert await refresh(page, plain) == 200
    assert (await fetched(page, plain.origin + SIGN_OUT, "POST")).status == 204


@mostly_https
async def test_three_tabs_that_refresh_at_once_all_stay_signed_in(context: BrowserContext, site: Site) -> None:
    """RF-15: round after round; whichever answer comes last, the cookies that it leaves are good."""
    tabs = [await signed_in(context, site), *[await page_at(context, site.own) for _ in range(2)]]
    for _ in range(5):
        before = await kept(context, site.origin)
        assert await asyncio.gather(*(refresh(tab, site) for tab in tabs)) == [200] * 3
        after = await kept(context, site.origin)
        assert all(after[name]["value"] != before[name]["value"] for name in before)
        assert await asyncio.gather(*(is_let_in(tab, site) for tab in tabs)) == [True] * 3
    assert await refresh(tabs[0], site) == 200


async def test_a_browser_that_was_closed_comes_back_signed_in(
    playwright: Playwright, chromium: str, plain: Site, tmp_path: Path
) -> None:
    """RF-15: cookies last as long as their tokens, not as long as the window."""

    async def opened() -> BrowserContext:
        launched = await playwright.chromium.launch_persistent_context(tmp_path, executable_path=chromium)
        await with_own_page(launched)
        return launched

    first = await opened()
    page = await page_at(first, plain.own)
    await sign_in(page, plain, fresh_account(plain))
    assert await refresh(page, plain) == 200
    left = await kept(first, plain.origin)
    await first.close()
    second = await opened()
    page = await page_at(second, plain.own)
    found = await kept(second, plain.origin)
    assert {name: cookie["value"] for name, cookie in found.items()} == {
        name: cookie["value"] for name, cookie in left.items()
    }
    assert await is_let_in(page, plain)
    assert await refresh(page, plain) == 200
    await second.close()


@mostly_https
async def test_who_signs_out_is_signed_out_in_every_tab(context: BrowserContext, site: Site) -> None:
    """RF-15: the browser holds no cookie any more."""
    page = await signed_in(context, site)
    other = await page_at(context, site.own)
    assert (await fetched(page, site.origin + SIGN_OUT, "POST")).status == 204
    assert await kept(context, site.origin) == {}
    for tab in (page, other):
        assert not await is_let_in(tab, site)
        assert await refresh(tab, site) == 401


@mostly_https
async def test_the_script_of_the_documentation_signs_in_goes_on_and_signs_out(
    context: BrowserContext, site: Site
) -> None:
    """RF-15: docs/cookies.md, as it stands there; also when the access token has expired, and its cookie with it."""
    page = await page_at(context, site.own)
    script = re.search(r"^```js\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert script is not None
    await page.add_script_tag(content=script[1].replace("https://auth.example.com", site.origin))
    signing_in = "([username, password]) => signIn(username, password).then(answer => answer.status)"
    assert await page.evaluate(signing_in, [fresh_account(site), PASSWORD]) == 200
    asking = f"ask('{GUARDED}').then(answer => answer.status)"
    assert await page.evaluate(asking) == 200
    for ending in (asking, "signOut().then(answer => answer.status)"):
        await context.clear_cookies(name=re.compile("access"))
        assert await page.evaluate(ending) in {200, 204}
    assert await kept(context, site.origin) == {}
    assert await page.evaluate(asking) == 401


@pytest.fixture
def foreign(request: pytest.FixtureRequest, site: Site, foreign_port: int, foreign_tls_port: int) -> str:
    """An origin that is none of ours. Of another port alone, it is the same site: its requests carry our cookies."""
    if request.param == "another site":
        return f"http://localhost:{foreign_port}"
    return f"https://127.0.0.1:{foreign_tls_port}" if "https" in site.origin else f"http://127.0.0.1:{foreign_port}"


CHANGES = [
    ("POST", SIGN_OUT),
    ("POST", "/api/auth/signout-all"),
    ("POST", REFRESH),
    ("DELETE", "/api/account/sessions"),
]


@each_once
async def test_a_page_of_a_foreign_origin_reads_nothing(context: BrowserContext, site: Site, foreign: str) -> None:
    """RF-15, CO-02: no answer in any mode, not even a public one, and none is shown in a frame."""
    await signed_in(context, site)
    page = await page_at(context, foreign)
    for path in (ACCOUNT, GUARDED, "/api/test/all"):
        for mode in ("cors", "no-cors"):
            assert await fetched(page, site.origin + path, mode=mode, headers={}) == Shown(0, "")
        assert await fetched(page, site.origin + path) == Shown(0, "")
    frame = page.frame("aside")
    assert frame is not None
    await page.evaluate(
        "url => new Promise(done => Object.assign(document.querySelector('iframe'), {onload: done, src: url}))",
        site.origin + ACCOUNT,
    )
    assert "username" not in await frame.content()


@each_once
async def test_a_page_of_a_foreign_origin_changes_nothing(context: BrowserContext, site: Site, foreign: str) -> None:
    """RF-15: neither by fetch in any mode, nor by a beacon, a form or an image; and it signs nobody in."""
    ours = await signed_in(context, site)
    before = await kept(context, site.origin)
    page = await page_at(context, foreign)
    for method, path in CHANGES:
        assert await fetched(page, site.origin + path, method) == Shown(0, "")
    for content_type in ("text/plain", "application/x-www-form-urlencoded"):
        simple = {"mode": "no-cors", "headers": {"Content-Type": content_type}}
        for content in (None, "{}"):
            for method, path in CHANGES[:3]:
                await fetched(page, site.origin + path, method, content, **simple)
    assert await sign_in(page, site, fresh_account(site)) == Shown(0, "")
    assert await page.evaluate("url => navigator.sendBeacon(url)", site.origin + SIGN_OUT)
    for _, path in CHANGES[:3]:
        await submit(page, site.origin + path)
        await look_at(page, site.origin + path)
    assert await kept(context, site.origin) == before
    assert await is_let_in(ours, site)
    assert await refresh(ours, site) == 200
    if "127.0.0.1" in foreign:  # the cookies did come: it was not the browser alone that kept the session alive
        assert site.server.line(event="authz_fail", route=SIGN_OUT, reason="cross_site_request")


async def submit(page: Page, url: str) -> None:
    """A form, with an answer that is waited for, in a window of its own."""
    async with page.context.expect_page() as opened:
        await page.evaluate(
            """url => {
                const form = document.createElement("form");
                Object.assign(form, {method: "post", action: url, target: "_blank"});
                document.body.append(form);
                form.submit();
            }""",
            url,
        )
    window = await opened.value
    await window.wait_for_load_state()
    assert "requestId" in await window.content()
    await window.close()


async def look_at(page: Page, url: str) -> None:
    """An image, until it turns out to be none."""
    await page.evaluate(
        "url => new Promise(done => Object.assign(new Image(), {onerror: done, onload: done, src: url}))", url
    )


async def test_an_application_of_an_allowed_origin_may(context: BrowserContext, plain: Site, application: str) -> None:
    """RF-15, CO-02: sign in, read, refresh, sign out; no script of its own sees a token."""
    page = await page_at(context, application)
    assert (await sign_in(page, plain, username := fresh_account(plain))).status == 200
    assert json.loads((await fetched(page, plain.origin + ACCOUNT)).text)["username"] == username
    assert await refresh(page, plain) == 200
    assert await page.evaluate("document.cookie") == ""
    assert (await fetched(page, plain.origin + SIGN_OUT, "POST")).status == 204
    assert not await is_let_in(page, plain)
