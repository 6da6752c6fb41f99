"""The forms for FastAPI and Starlette, in an environment of their own by a lock file of their own.

The program there runs what docs/verifying-tokens.md shows against a real service. It needs neither Litestar nor
SQLAlchemy, which are not in that environment.
"""

import json
import shutil
import sys
from pathlib import Path

import pytest

from support.programs.npm import run
from support.programs.server_process import running
from support.programs.verifiers import FOR_FASTAPI, with_address
from support.readme import PROJECT

FOREIGN = Path(__file__).parent / "foreign"
NO_ROLE = [403, 'Bearer error="insufficient_scope"']
REFUSED = {"ended": [401, 'Bearer error="invalid_token"'], "nobody": [401, "Bearer"]}


@pytest.mark.full
def test_what_the_document_shows_for_fastapi_works_without_litestar_and_sqlalchemy(tmp_path: Path) -> None:
    """TK-16, TK-17."""
    shutil.copytree(FOREIGN, tmp_path, dirs_exist_ok=True)
    uv, python = PROJECT / ".uv/bin/uv", tmp_path / "venv/bin/python"
    run(tmp_path, uv, "venv", "--quiet", "--python", sys.executable, "venv")
    run(tmp_path, uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", "requirements.txt")
    with running(tmp_path / "issuer") as server:
        moderator, user = server.create_user("grace", "moderator"), server.create_user("ada")
        ended = server.sign_in("ada")
        tokens = server.sign_in("grace").token, user.token, ended.token
        assert server.request("POST", "/api/auth/signout", headers=ended.bearer).status_code == 204
        (tmp_path / "shop.py").write_text(with_address(FOR_FASTAPI, server.url))
        told = json.loads(run(tmp_path, python, "-W", "error", "visit.py", str(PROJECT), *tokens))
    plain = {"moderator": [200, f"Hello, {moderator.id}."], "user": [200, f"Hello, {user.id}."]}
    quoted = {who: [status, f'"{text}"'] for who, (status, text) in plain.items()}
    assert told["heavy"] == []
    assert told["fastapi"] == {
        "/hello": {**quoted, **REFUSED},
        "/articles": {"moderator": [200, '["for moderators"]'], "user": NO_ROLE, **REFUSED},
    }
    assert told["starlette"] == {
        "/hello": {**plain, **REFUSED},
        "/articles/": {"moderator": plain["moderator"], "user": NO_ROLE, **REFUSED},
    }
    assert told["two headers"] == 400
    assert told["websocket"] == [user.id, "401"]
    assert told["security"] == [{"HTTPBearer": []}]
    assert told["schemes"]["HTTPBearer"]["scheme"] == "bearer"


def test_the_lock_file_names_no_registry() -> None:
    assert "://" not in (FOREIGN / "requirements.txt").read_text("utf-8")
