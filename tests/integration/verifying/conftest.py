"""A service, a key that it knows, and the programs of docs/verifying-tokens.md."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from support.jwt.material import Material, pem_of, read_claims, read_header
from support.programs.processes import PATIENCE, eventually
from support.programs.server_process import Server, running
from support.programs.verifiers import DRIVERS, NAMES, Program, Verifier, verifying


def material_of(server: Server) -> Material:
    """Return a signing key of the service's that the test holds, too, and what a token of Ada's says."""
    server.create_user("ada")
    key = generate_private_key(SECP256R1())
    added = server.run("keys", "add", "-", "--in", "0", "--json", stdin=pem_of(key).decode())
    assert added.returncode == 0, added.stderr
    kid = json.loads(added.stdout)["kid"]
    eventually(lambda: read_header(server.sign_in("ada").token)["kid"] == kid)
    return Material(key=key, kid=kid, claims=read_claims(server.sign_in("ada").token))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("issuer")) as server:
        yield server


@pytest.fixture(scope="session")
def first_material(server: Server) -> Material:
    return material_of(server)


@pytest.fixture
def material(server: Server, first_material: Material) -> Material:
    """The key, and a token of this moment: what is said to be in the future is."""
    return replace(first_material, claims=read_claims(server.sign_in("ada").token))


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `npm ci` makes of the lock file."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("THERE IS NO NODE HERE: what docs/verifying-tokens.md says of jsonwebtoken was not tried")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(DRIVERS / name, folder)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE * 4, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return folder / "node_modules"


@pytest.fixture
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Program:
    def run(name: str, server: Server, changes: Mapping[str, str] | None = None) -> AbstractContextManager[Verifier]:
        node_modules = request.getfixturevalue("node_modules") if name == "jsonwebtoken" else None
        return verifying(name, server.url, tmp_path, node_modules, changes)

    return run


@pytest.fixture(params=NAMES)
def verifier(
    request: pytest.FixtureRequest, server: Server, material: Material, program: Program
) -> Iterator[Verifier]:
    with program(request.param, server) as verifier:
        yield verifier
