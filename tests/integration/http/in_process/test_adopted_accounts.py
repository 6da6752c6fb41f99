"""Adopted accounts over the wire: with an alias, without an address, and with the id of the other system."""

from doorward.application.adoption.adopt_accounts import AdoptAccounts
from doorward.application.ports.clock import Clock
from doorward.domain.access.actor import OPERATOR
from doorward.testing.builders import PASSWORD
from support.foreign_accounts import ListSource, foreign
from support.http.in_process import App
from support.http.service import Unique


def adopt(server: App, external_id: str, name: str, email: str | None) -> None:
    async def work() -> None:
        use_case = await server.container.get(AdoptAccounts)
        now = (await server.container.get(Clock)).now()
        report = await use_case(ListSource([foreign(external_id, name, email)], name="wire"), {}, now, by=OPERATOR)
        assert report.adopted == 1

    server.loop.run(work())


def test_an_account_without_an_address_signs_in_by_its_alias_and_is_asked_for_one(server: App, unique: Unique) -> None:
    """The answers tell its owner the alias, and admins the id that it has in the other system, too."""
    name = f"J\u00f6rg {unique('alias')}"
    adopt(server, name, name, None)
    with server.client() as client:
        answer = client.post("/api/auth/signin", json={"username": name.upper(), "password": PASSWORD})
        server.hide(answer)
        signed_in = answer.json()
        assert (answer.status_code, signed_in["email"], signed_in["emailMissing"]) == (200, None, True)
        bearer = {"Authorization": f"Bearer {signed_in['accessToken']}"}
        own = client.get("/api/account", headers=bearer).json()
        assert (own["username"], own["email"], own["alias"]) == (signed_in["username"], None, name)
        seen = client.get(f"/api/admin/users/{signed_in['id']}", headers=server.admin.bearer).json()
        assert (seen["email"], seen["alias"], seen["externalId"]) == (None, name, name)
        changed = client.post(
            "/api/account/password",
            json={"currentPassword": PASSWORD, "newPassword": "another kettle of violets"},
            headers=bearer,
        )
        assert changed.status_code == 204


def test_an_account_with_an_address_is_not_asked(server: App, unique: Unique) -> None:
    name = unique("adopted")
    adopt(server, name, name, f"{name}@example.org")
    with server.client() as client:
        answer = client.post("/api/auth/signin", json={"username": name, "password": PASSWORD})
        server.hide(answer)
    assert (answer.json()["email"], "emailMissing" in answer.json()) == (f"{name}@example.org", False)
