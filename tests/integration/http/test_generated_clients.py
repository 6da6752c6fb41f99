"""Clients that three generators write from the OpenAPI document: no warning, and each works against the service.

The generators come from npm and PyPI by the lock files in `generated_clients/`, each into a folder of its own.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorward.testing.builders import PASSWORD
from support.programs.npm import node_with_packages, run
from support.programs.server_process import Server, running

pytestmark = pytest.mark.full

PROGRAMS = Path(__file__).parents[1] / "generated_clients"
PROJECT = Path(__file__).parents[3]

EXPECTED = {
    "signedUp": "User registered successfully!",
    "account": "127.0.0.1",
    "content": "User Content.",
    "refused": 403,
    "forbidden": "insufficient_scope",
    "revocations": 3,
    "signedOut": 204,
}
"""What all programs print, besides the username: they do the same."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture
def folder(server: Server, tmp_path: Path) -> Path:
    """A folder with the programs, the lock files and the document."""
    shutil.copytree(PROGRAMS, tmp_path, dirs_exist_ok=True)
    with server.client() as client:
        (tmp_path / "openapi.json").write_bytes(client.get("/openapi.json").content)
    return tmp_path


def expected(username: str) -> dict[str, object]:
    return {**EXPECTED, **dict.fromkeys(("signedIn", "signedInByForm", "refreshed"), username)}


def test_openapi_typescript_writes_types_that_a_program_compiles_with(server: Server, folder: Path) -> None:
    node, tools = node_with_packages(folder)
    printed = run(folder, tools / "openapi-typescript", "openapi.json", "--output", "doorward.d.ts")
    assert "warn" not in printed.lower()
    run(folder, tools / "tsc", "--project", ".")
    answer = run(folder, node, "client.js", server.url, "typescript", PASSWORD)
    assert json.loads(answer) == expected("typescript")


def test_hey_api_writes_a_client_that_compiles_and_works(server: Server, folder: Path) -> None:
    node, tools = node_with_packages(folder)
    printed = run(folder, tools / "openapi-ts", "--no-log-file")
    assert "warn" not in printed.lower()
    run(folder, tools / "tsc", "--project", "tsconfig_hey_api.json")
    answer = run(folder, node, "client_hey_api.js", server.url, "hey-api", PASSWORD)
    assert json.loads(answer) == expected("hey-api")


def test_openapi_python_client_writes_a_package_that_works(server: Server, folder: Path) -> None:
    uv, python = PROJECT / ".uv/bin/uv", folder / "venv/bin/python"
    run(folder, uv, "venv", "--quiet", "--python", sys.executable, "venv")
    run(folder, uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", "requirements.txt")
    generate = ("generate", "--path", "openapi.json", "--meta", "none", "--output-path", "doorward_client")
    printed = run(folder, python.with_name("openapi-python-client"), *generate, "--fail-on-warning")
    assert "warn" not in printed.lower()
    answer = run(folder, python, "-W", "error", "client.py", server.url, "python", PASSWORD)
    assert json.loads(answer) == expected("python")


def test_the_lock_files_name_no_registry() -> None:
    lock = json.loads((PROGRAMS / "package-lock.json").read_text("utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert "://" not in (PROGRAMS / "requirements.txt").read_text("utf-8")
