"""The programs of docs/embedding.md that mount Doorward, as they stand there. Litestar's runs here; those of other
frameworks run in the full length, each in a process with packages of its own."""

import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import httpx2
import pytest
from litestar import Litestar

from doorward import DoorwardApp
from doorward.infrastructure.security.passwords import Argon2Hasher
from doorward.testing.doubles import PlainHasher
from support.http.in_process import AppTransport, lifespan, running_loop
from support.http.service import somebody
from support.readme import block, guide

EMBEDDING = guide("embedding.md")


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are not hashed: on a busy machine that may take longer than the settings of the programs allow."""
    monkeypatch.setattr(Argon2Hasher, "hash", lambda _, password: PlainHasher().hash(password))


@pytest.fixture
def pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """`pasted("app = Litestar(")`: the module with the program of the document that contains this text."""
    monkeypatch.chdir(tmp_path)

    def load(holding: str) -> ModuleType:
        file = tmp_path / "program.py"
        file.write_text(block("python", holding, EMBEDDING))
        spec = spec_from_file_location("program", file)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "program", module)
        spec.loader.exec_module(module)
        return module

    return load


def test_the_litestar_program_serves_both(pasted: Callable[[str], ModuleType]) -> None:
    app: Litestar = pasted("app = Litestar(").app
    with running_loop() as loop, lifespan(app, loop):
        client = httpx2.Client(base_url="http://127.0.0.1:8000", transport=AppTransport(app, loop))
        assert client.get("/").text == "My own page."
        assert client.post("/auth/api/auth/signup", json=somebody("ada")).status_code == 201
        metadata = client.get("/.well-known/oauth-authorization-server/auth").json()
        assert metadata["jwks_uri"] == "http://127.0.0.1:8000/auth/.well-known/jwks.json"


def test_the_other_programs_in_python_are_right(pasted: Callable[[str], ModuleType]) -> None:
    assert pasted("timedelta(days=3)").settings.public_path == "/auth"
    assert isinstance(pasted("class MyProvider").auth, DoorwardApp)


@pytest.mark.parametrize(
    ("holding", "printed"),
    [("ada is a moderator", "ada is a moderator\n"), ("customers = Table", "only the second sign-up was undone\n")],
)
def test_the_programs_of_the_library_print_what_they_say(
    pasted: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str], holding: str, printed: str
) -> None:
    pasted(holding)
    assert [line for line in capsys.readouterr().out.splitlines(keepends=True) if line == printed] == [printed]
