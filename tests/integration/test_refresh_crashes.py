"""A process that is killed at any step of a sign-in or a refresh signs nobody out."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from itertools import count
from pathlib import Path

import pytest

from doorward.domain.sessions.refresh_token import RefreshToken
from doorward.domain.sessions.session import UNKNOWN_DEVICE, Session, new_session_id
from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import REFRESH_TOKENS, a_user
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put
from support.programs import crashing
from support.programs.processes import PATIENCE

TOKEN = REFRESH_TOKENS.first(new_session_id(NOON))
SUCCESSOR = REFRESH_TOKENS.successors(TOKEN)[0]

TESTS = Path(crashing.__file__).parents[2]


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqlStorage]:
    storage = SqlStorage.open(DatabaseUrl.parse(f"sqlite:///{path}"))
    try:
        yield storage
    finally:
        await storage.close()


@pytest.fixture
async def before(tmp_path: Path) -> Path:
    """A database with ada and her session, whose token is TOKEN."""
    path, ada = tmp_path / "before.db", a_user("ada")
    await migrate(DatabaseUrl.parse(f"sqlite:///{path}"))
    async with opened(path) as storage:
        await put(storage, ada, Session.opened(TOKEN.session_id, ada.id, TOKEN.hash, UNKNOWN_DEVICE, NOON))
    return path


def run(story: str, before: Path, step: int) -> tuple[int, Path]:
    """How the process ended that was killed before this step, and the database that it left."""
    path = before.with_name(f"after-{step}.db")
    shutil.copy(before, path)
    command = [sys.executable, "-m", "support.programs.crashing", str(path), story, str(step), TOKEN.value]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.stderr == ""
    return done.returncode, path


def present_tokens(path: Path) -> set[bytes]:
    """The hash of each session's token; whatever happened, the file is whole and every session is somebody's."""
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        return {token_hash for (token_hash,) in file.execute("SELECT token_hash FROM sessions")}


async def refreshed(path: Path, token: RefreshToken) -> str:
    async with opened(path) as storage:
        return (await crashing.refreshing(storage)(token.value, NOON)).refresh_token.value


async def test_a_refresh_that_was_killed_at_any_step_is_asked_for_again(before: Path) -> None:
    """OP-01, F-01, RF-04: the token gets its one successor, whether it was spent or not, and that is good."""
    left = []
    for step in count():
        code, path = run("refresh", before, step)
        if code == 0:
            break
        assert code == -9
        left.append(present_tokens(path))
        assert await refreshed(path, TOKEN) == SUCCESSOR.value
        assert present_tokens(path) == {SUCCESSOR.hash}
        assert await refreshed(path, SUCCESSOR) == REFRESH_TOKENS.successors(SUCCESSOR)[0].value
    assert left == [{TOKEN.hash}] * (len(left) - 1) + [{SUCCESSOR.hash}], "it is all or nothing"
    assert len(left) >= 5, "the transaction's begin, two statements, its commit, the answer"


@pytest.mark.full
async def test_a_sign_in_that_was_killed_at_any_step_began_a_whole_session_or_none(before: Path) -> None:
    """OP-01, F-01: and no other session is any the worse for it."""
    begun = []
    for step in count():
        code, path = run("sign in", before, step)
        if code == 0:
            break
        assert code == -9
        left = present_tokens(path)
        assert TOKEN.hash in left
        begun.append(len(left) - 1)
        assert await refreshed(path, TOKEN) == SUCCESSOR.value
    assert begun == [0] * (len(begun) - 1) + [1], "it is all or nothing"
    assert len(begun) >= 5, "what finds the account, the transaction's begin, two statements, its commit, the answer"
