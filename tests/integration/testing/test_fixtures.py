"""The fixtures that pytest offers wherever Doorward is installed."""

import json
from pathlib import Path

import httpx
import pytest

from doorward import Settings, create_app
from doorward.application.access.grant_role import GrantRole
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import MODERATOR
from doorward.testing import PASSWORD, DoorwardServer, InMemoryApp, InMemoryDoorward, InMemoryProvider


def test_the_app_answers_in_this_process(doorward: InMemoryDoorward, doorward_app: InMemoryApp) -> None:
    ada = doorward.user("ada")
    headers = ada.headers()
    assert doorward_app.client.get("/api/test/mod", headers=headers).status_code == 403
    doorward.run(doorward.get(GrantRole)(ada.id, MODERATOR, doorward.now, by=OPERATOR))
    assert doorward_app.client.get("/api/test/mod", headers=headers).text == "Moderator Content."
    doorward.clock.advance(minutes=15)
    assert doorward_app.client.get("/api/test/mod", headers=headers).status_code == 401


def test_people_sign_up_at_the_app_and_get_letters(doorward: InMemoryDoorward, doorward_app: InMemoryApp) -> None:
    account = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}
    assert doorward_app.client.post("/api/auth/signup", json=account).status_code == 201
    (letter,) = doorward.letters
    assert doorward_app.client.post("/api/auth/verify", json={"token": letter.token}).status_code == 204
    assert doorward_app.client.get("/health/ready").status_code == 200


def test_the_app_is_ready_and_lists_ended_sessions_after_any_time(
    doorward: InMemoryDoorward, doorward_app: InMemoryApp
) -> None:
    for path in ("/health/ready", "/.well-known/revocations"):
        doorward.clock.advance(days=31)
        assert doorward_app.client.get(path).status_code == 200


async def test_a_mounted_application_runs_on_the_memory_adapter(tmp_path: Path) -> None:
    doubles = InMemoryProvider()
    app = create_app(Settings.of(public_url="http://testserver", data_dir=tmp_path / "data"), overrides=[doubles])
    async with (
        app.lifespan(),
        httpx.AsyncClient(base_url="http://testserver", transport=httpx.ASGITransport(app)) as client,
    ):
        account = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}
        assert (await client.post("/api/auth/signup", json=account)).status_code == 201
        async with doubles.memory.reading() as reading:
            assert await reading.users.by_login("ada")


async def test_the_app_answers_coroutines(doorward: InMemoryDoorward, doorward_app: InMemoryApp) -> None:
    headers = doorward.user("ada").headers()
    async with doorward_app.async_client() as client:
        assert (await client.get("/api/account", headers=headers)).json()["username"] == "ada"


def test_a_server_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    with DoorwardServer.running(tmp_path, sign_up="invited") as server:
        ada = server.user("ada", roles=["moderator"])
        answer = httpx.get(f"{server.url}/api/test/mod", headers=ada.headers(), trust_env=False)
        assert answer.text == "Moderator Content."
        with pytest.raises(RuntimeError, match="users show joan failed"):
            server.command("users", "show", "joan")
        settings = json.loads(server.command("settings", "--json"))
        assert settings["DOORWARD_SIGN_UP"] == "invited"
        assert settings["DOORWARD_HASH_WAIT_SECONDS"] == 60, "a busy machine fails no test of somebody else"
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url, trust_env=False)


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match=r"The service did not start:\n.*DOORWARD_SIGN_UP"),
        DoorwardServer.running(tmp_path, sign_up="perhaps"),
    ):
        pass
