"""The pages to which the links of letters lead, in a real browser."""

import pytest
from playwright.async_api import BrowserContext, expect

from doorward.testing.builders import OTHER_PASSWORD, PASSWORD
from support.http.browsing import Site, page_at

pytestmark = pytest.mark.asyncio(loop_scope="session")

mostly_plain = pytest.mark.parametrize(
    "site", ["http loopback", pytest.param("https", marks=pytest.mark.full)], indirect=True
)
"""For pages of the same kind as the first one, which is always opened in both ways."""


async def test_the_link_of_a_letter_leads_to_a_page_that_sets_the_password(context: BrowserContext, site: Site) -> None:
    """RS-07: the token leaves the address at once, and the page asks no other host."""
    ada = site.server.create_user("forgetful")
    answer = site.server.request("POST", "/api/auth/password/forgot", json={"email": ada.email})
    assert answer.status_code == 202
    link = site.server.line(event="letter_written", kind="password_reset")["link"]
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = await page_at(context, link)
    assert page.url == f"{site.origin}/reset-password"
    for password, told in (
        ("short", "Use at least 15 characters"),
        (OTHER_PASSWORD, "Your password was changed."),
    ):
        await page.fill("#password", password)
        await page.click("button")
        await expect(page.locator("#outcome")).to_contain_text(told)
    await expect(page.locator("form")).to_be_hidden()
    assert all(url.startswith(site.origin) for url in asked)
    assert not any(link.rpartition("=")[2] in url.partition("#")[0] for url in asked)
    assert site.server.lets_in(site.server.sign_in(ada.username, OTHER_PASSWORD))
    site.server.secrets.add(OTHER_PASSWORD)


@mostly_plain
async def test_the_link_of_an_invitation_leads_to_a_page_that_creates_the_account(
    context: BrowserContext, site: Site
) -> None:
    """RS-07."""
    root = site.server.admin
    body = {"email": "invited@example.org", "roles": ["moderator"]}
    answer = site.server.request("POST", "/api/admin/invitations", json=body, headers=root.bearer)
    assert answer.status_code == 201, answer.text
    link = site.server.line(event="letter_written", kind="invitation")["link"]
    page = await page_at(context, link)
    assert page.url == f"{site.origin}/accept-invitation"
    for name, password, told in (
        ("root", OTHER_PASSWORD, "This username is reserved."),
        ("invited", "short", "Use at least 15 characters"),
        ("invited", OTHER_PASSWORD, "Your account was created."),
    ):
        await page.fill("#username", name)
        await page.fill("#password", password)
        await page.click("button")
        await expect(page.locator("#outcome")).to_contain_text(told)
    await expect(page.locator("form")).to_be_hidden()
    assert site.server.lets_in(site.server.sign_in("invited", OTHER_PASSWORD))
    site.server.secrets.add(OTHER_PASSWORD)


@mostly_plain
async def test_an_address_is_verified_changed_and_restored_by_pages(context: BrowserContext, site: Site) -> None:
    """VF-01, VF-02, RS-07: each link leads to a button, and the one that undoes to a new password."""
    server = site.server
    ada = server.create_user("stolen")

    async def press(kind: str, told: str) -> None:
        page = await page_at(context, server.line(event="letter_written", kind=kind)["link"])
        await page.click("button")
        await expect(page.locator("#outcome")).to_contain_text(told)

    asked = server.request("POST", "/api/auth/verify/request", json={"email": ada.email})
    assert asked.status_code == 202
    await press("email_verification", "is confirmed")
    wanted = {"newEmail": "thief@example.com", "password": PASSWORD}
    asked = server.request("POST", "/api/account/email", json=wanted, headers=ada.bearer)
    assert asked.status_code == 202
    await press("email_change", "has this email address now")
    page = await page_at(context, server.line(event="letter_written", kind="email_changed")["link"])
    await page.click("button")
    await page.wait_for_url(f"{site.origin}/reset-password")
    await page.fill("#password", OTHER_PASSWORD)
    await page.click("button")
    await expect(page.locator("#outcome")).to_contain_text("Your password was changed.")
    assert server.sign_in(ada.username, OTHER_PASSWORD).email == ada.email
    server.secrets.add(OTHER_PASSWORD)
