"""The programs of docs/embedding.md in Starlette, FastAPI and Django, as they stand there, each served by Uvicorn with
packages of its own. For the full length."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from doorward.testing.builders import PASSWORD
from support.http.behind_proxy import cookies, sent
from support.http.service import somebody
from support.programs.npm import run
from support.programs.processes import PATIENCE, connects, eventually, free_port
from support.readme import PROJECT, block, guide

pytestmark = pytest.mark.full

EMBEDDING = guide("embedding.md")
LOCK = Path(__file__).parent / "hosts/requirements.txt"
PROGRAMS = {
    "starlette": ("app = Starlette(", "program:app"),
    "fastapi": ("app = FastAPI(", "program:app"),
    "django": ("get_asgi_application", "program:application"),
}
"""A text in the program of each framework, and what Uvicorn is told to serve."""

DJANGO_SETTINGS = """
SECRET_KEY = "of a test"
ROOT_URLCONF = "mysite.urls"
ALLOWED_HOSTS = ["127.0.0.1"]
"""
DJANGO_URLS = """
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("My own page."))]
"""
PUBLIC = "http://127.0.0.1:8000/auth"
"""The public URL of all programs."""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the frameworks."""
    folder = tmp_path_factory.mktemp("hosts")
    uv, install = PROJECT / ".uv/bin/uv", ("--no-deps", "--require-hashes", "-r", LOCK)
    run(folder, uv, "pip", "install", "--quiet", "--python", sys.executable, "--target", folder / "site", *install)
    return folder / "site"


@pytest.fixture(scope="module", params=PROGRAMS)
def host(request: pytest.FixtureRequest, packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the program, while it runs. It stops by SIGTERM without an error."""
    folder, port = tmp_path_factory.mktemp(request.param), free_port()
    holding, served = PROGRAMS[request.param]
    program = block("python", holding, EMBEDDING)
    assert program.count("Settings.of(") == 1
    (folder / "program.py").write_text(program.replace("Settings.of(", "Settings.of(hash_wait_seconds=60, "))
    (folder / "mysite").mkdir()
    (folder / "mysite/settings.py").write_text(DJANGO_SETTINGS)
    (folder / "mysite/urls.py").write_text(DJANGO_URLS)
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "--port", str(port), served],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(packages)])},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        eventually(lambda: process.poll() is not None or connects(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
    written = (folder / "output").read_text()
    assert "Application shutdown complete." in written, written
    assert "Traceback" not in written, written


@pytest.fixture
def client(host: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=host, timeout=PATIENCE) as client:
        yield client


def test_both_are_served_below_their_paths(client: httpx2.Client) -> None:
    assert client.get("/").text == "My own page."
    assert client.get("/auth/api/test/all").text == "Public Content."
    assert client.get("/api/test/all").status_code == 404
    assert client.get("/auth/metrics").status_code == 404
    assert client.get("/authors/api/test/all").status_code == 404


def test_people_sign_up_and_stay_signed_in_by_a_cookie_of_the_path(client: httpx2.Client) -> None:
    assert client.post("/auth/api/auth/signup", json=somebody("ada")).status_code == 201
    body = {"username": "ada", "password": PASSWORD, "cookies": True}
    answer = client.post("/auth/api/auth/signin", json=body, headers={"Origin": "http://127.0.0.1:8000"})
    assert {morsel["path"] for morsel in cookies(answer).values()} == {"/auth"}
    client.cookies.clear()
    assert client.get("/auth/api/account", headers={"Cookie": sent(answer)}).json()["username"] == "ada"


def test_documents_name_addresses_below_the_path(client: httpx2.Client) -> None:
    assert client.get("/auth/openapi.json").json()["servers"] == [{"url": "/auth"}]
    metadata = client.get("/.well-known/oauth-authorization-server/auth").json()
    assert (metadata["issuer"], metadata["jwks_uri"]) == (PUBLIC, f"{PUBLIC}/.well-known/jwks.json")
