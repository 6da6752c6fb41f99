"""How a mounted application is started and stopped, and what it leaves to its host."""

import asyncio
import logging
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from structlog.testing import capture_logs

from doorward import DoorwardApp, Settings, StartRefused, create_app
from doorward.application.accounts.create_user import CreateUser
from doorward.application.change_feed.revocation_publisher import RevocationPublisher
from doorward.application.ports.clock import Clock
from doorward.domain.access.actor import OPERATOR
from doorward.interfaces.embedding.lifespan_protocol import answer_lifespan
from doorward.testing.builders import PASSWORD
from doorward.testing.doubles import ListLog
from support.http.in_process import Doubles


@pytest.fixture(scope="module")
def started_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a database and a secret, as a start leaves it."""
    folder = tmp_path_factory.mktemp("started") / "data"

    async def start() -> None:
        async with app_in(folder).lifespan():
            pass

    asyncio.run(start())
    return folder


@pytest.fixture
def folder(started_before: Path, tmp_path: Path) -> Path:
    return shutil.copytree(started_before, tmp_path / "data")


def contents(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def app_in(folder: Path, *, migrate: bool = True, **values: Any) -> DoorwardApp:
    settings = Settings.of(data_dir=folder, public_url="http://127.0.0.1:8080/auth", **values)
    return create_app(settings, overrides=[Doubles(ListLog())], migrate=migrate)


async def ask(app: DoorwardApp, path: str = "/auth/api/test/all") -> httpx2.Response:
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        return await client.get(path)


async def test_an_application_that_nobody_started_says_so(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    with capture_logs() as lines:
        answer = await ask(app)
    assert (answer.status_code, answer.json()["code"]) == (503, "not_started")
    (line,) = lines
    assert line["event"] == "app_not_started"
    assert "app.lifespan()" in line["hint"]
    with pytest.raises(RuntimeError, match="not been started"):
        await app.get(Clock)
    assert contents(tmp_path) == []


async def test_the_last_block_that_entered_the_lifespan_stops_it(folder: Path) -> None:
    app = app_in(folder)
    async with app.lifespan():
        async with app.lifespan():
            assert (await ask(app)).status_code == 200
        assert (await ask(app)).status_code == 200
    assert (await ask(app)).status_code == 503


async def test_two_blocks_at_once_start_it_once(folder: Path) -> None:
    app = app_in(folder)
    entered, leave = asyncio.Semaphore(0), asyncio.Event()

    async def use() -> object:
        async with app.lifespan():
            clock = await app.get(Clock)
            entered.release()
            await leave.wait()
            return clock

    uses = [asyncio.create_task(use()) for _ in range(2)]
    await entered.acquire()
    await entered.acquire()
    leave.set()
    first, second = await asyncio.gather(*uses)
    assert first is second


async def test_it_can_be_started_again_and_keeps_its_accounts(folder: Path) -> None:
    app = app_in(folder)
    async with app.lifespan():
        now = (await app.get(Clock)).now()
        await (await app.get(CreateUser))("ada", "ada@example.org", PASSWORD, now, by=OPERATOR)
    async with app.lifespan():
        answer = await sign_in(app)
    assert answer.status_code == 200


async def sign_in(app: DoorwardApp) -> httpx2.Response:
    body = {"username": "ada", "password": PASSWORD}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1:8080") as client:
        return await client.post("/auth/api/auth/signin", json=body)


async def test_a_start_in_another_event_loop_is_refused(folder: Path) -> None:
    app = app_in(folder)

    async def enter() -> None:
        async with app.lifespan():
            pass

    async with app.lifespan():
        with pytest.raises(RuntimeError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, enter())
        answer = await asyncio.to_thread(asyncio.run, ask(app))
        assert answer.json()["code"] == "not_started"
        assert (await ask(app)).status_code == 200


async def test_a_start_that_is_refused_may_be_tried_again(started_before: Path, tmp_path: Path) -> None:
    app = app_in(tmp_path, migrate=False)
    for _ in range(2):
        with pytest.raises(StartRefused, match="doorward migrate"):
            async with app.lifespan():
                pass
    shutil.copytree(started_before, tmp_path, dirs_exist_ok=True)
    async with app.lifespan():
        assert (await ask(app)).status_code == 200


async def messages(app: DoorwardApp) -> list[dict[str, Any]]:
    """What a server gets that sends the two lifespan messages."""
    waiting = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    return sent


async def test_a_server_starts_and_stops_it_by_messages(folder: Path) -> None:
    assert await messages(app_in(folder)) == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.complete"},
    ]


async def test_a_server_is_told_in_one_line_why_a_start_is_refused(tmp_path: Path) -> None:
    (failed,) = await messages(app_in(tmp_path, migrate=False))
    assert failed["type"] == "lifespan.startup.failed"
    assert "doorward migrate" in failed["message"]
    assert "\n" not in failed["message"]


async def test_a_host_that_notices_its_stop_ends_the_waits(folder: Path) -> None:
    app = app_in(folder)
    async with app.lifespan():
        publisher = await app.get(RevocationPublisher)
        wait = asyncio.create_task(publisher.changed(publisher.tag(), 600, "192.0.2.1"))
        while not publisher.waiting:
            await asyncio.sleep(0)
        await app.stop_waiting()
        await wait


async def test_the_log_and_the_signals_of_the_host_stay_as_they_are(folder: Path) -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    root, configured = logging.getLogger(), structlog.get_config()
    before = (root.level, [*root.handlers])
    async with app_in(folder).lifespan():
        assert {number: signal.getsignal(number) for number in handlers} == handlers
    assert (root.level, root.handlers) == before
    assert structlog.get_config() == configured


async def test_two_applications_in_one_process_have_accounts_of_their_own(folder: Path, tmp_path: Path) -> None:
    """Their metrics are those of the process."""
    one, other = app_in(folder), app_in(shutil.copytree(folder, tmp_path / "other"))
    async with one.lifespan(), other.lifespan():
        now = (await one.get(Clock)).now()
        await (await one.get(CreateUser))("ada", "ada@example.org", PASSWORD, now, by=OPERATOR)
        assert (await sign_in(one)).status_code == 200
        assert (await sign_in(other)).status_code == 401
        assert one.metrics().startswith(b"# HELP doorward_")
    assert b'route="/api/auth/signin"' in other.metrics()


async def test_behind_a_proxy_that_strips_a_part_of_the_path_the_mount_is_named(folder: Path) -> None:
    settings = Settings.of(data_dir=folder, public_url="http://127.0.0.1:8080/team/auth")
    app = create_app(settings, overrides=[Doubles(ListLog())], mounted_at="/auth", migrate=True)
    async with app.lifespan():
        assert (await ask(app, "/auth/api/test/all")).status_code == 200
        document = (await ask(app, "/auth/openapi.json")).json()
    assert document["servers"][0]["url"] == "/team/auth"


def test_a_mount_that_is_no_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match="mounted_at: write a path"):
        create_app(Settings.of(data_dir=tmp_path), mounted_at="auth")


async def test_an_error_of_a_start_reaches_the_server_with_its_traceback() -> None:
    class Broken:
        async def __aenter__(self) -> None:
            raise ZeroDivisionError

        async def __aexit__(self, *_: object) -> None: ...

    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(ZeroDivisionError):
        await answer_lifespan(Broken(), receive, send)
    assert "ZeroDivisionError" in sent[0]["message"]


def test_the_package_alone_imports_nothing_else() -> None:
    program = "import sys; import doorward; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    ours = {name for name in ran.stdout.split() if name.partition(".")[0] in {"doorward", "litestar", "msgspec"}}
    assert ours == {"doorward"}
