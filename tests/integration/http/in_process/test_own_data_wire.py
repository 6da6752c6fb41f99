"""What is held about somebody, over the wire."""

from support.http.in_process import App
from support.http.service import Unique


def test_somebody_gets_everything_that_is_held_about_them(server: App, unique: Unique) -> None:
    ada = server.create_user(unique("ada"))
    with server.client(headers=ada.bearer) as client:
        answered = client.get("/api/account/export")
        assert answered.status_code == 200, answered.text
        assert answered.headers["cache-control"] == "no-store"
        document = answered.json()
        assert document["account"]["username"] == ada.username
        assert document["account"]["id"] == ada.id
        assert document["sessions"][0]["device"]["address"] == "127.0.0.1"
        assert [entry["event"] for entry in document["audit"]] == ["authn_login_success", "user_created"]
        assert document["audit"][-1]["actor"] == "visitor"
        assert document["after"] is None
        assert document["fields"]["account"]["email"].keys() == {"purpose", "kept"}
        assert "passwordHash" in document["heldBack"]["account"]
        assert "auditKey" in document["heldBack"]["others"]
        assert "argon2" not in answered.text
        assert client.get("/api/account/export", params={"after": "1"}).status_code == 400
