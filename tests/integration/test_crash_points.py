"""A process that is killed at any step of a use case leaves all of it or nothing."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from doorward.domain.access.role import ADMIN, MODERATOR, Role, RoleName
from doorward.domain.letters.link_token import LinkPurpose, LinkToken
from doorward.domain.sessions.session import UNKNOWN_DEVICE, Session, new_session_id
from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import REFRESH_TOKENS, a_user
from doorward.testing.doubles import NOON, PlainLinkTokens, PlainSealer
from doorward.testing.storage_access import put
from support.programs import crashing
from support.programs.processes import PATIENCE

ANNOUNCED = {
    "sign up": 0,
    "delete an account": 2,
    "delete an account for now": 2,
    "reset a password": 2,
    "revoke a key": 2,
    "seal the keys anew": 2,
}
"""How many lines of the feed a story ends with; the others announce what they changed, once."""

USUAL_STORY = "grant a role"
"""Runs with `make test`, too: it writes a row and announces it."""

TESTS = Path(crashing.__file__).parents[2]


@dataclass(frozen=True, slots=True)
class State:
    accounts: frozenset[str]
    roles: frozenset[str]
    grants: frozenset[tuple[str, str]]
    keys: frozenset[tuple[str, bytes, int]]
    passwords: frozenset[str]
    links: int
    sessions: int
    announced: int


@pytest.fixture
async def before(tmp_path: Path) -> Path:
    """A database with two admins, one of whom is ada, who has a role of the operator's, too; and two signing keys, both
    sealed under a master secret that is being replaced. Ada has a session, and a link to choose a new password."""
    path = tmp_path / "before.db"
    url = DatabaseUrl.parse(f"sqlite:///{path}")
    await migrate(url)
    storage = SqlStorage.open(url)
    editor, writer = (Role(name=RoleName(name), description="", created_at=NOON) for name in ("editor", "writer"))
    await put(storage, editor, writer, a_user("ada", ADMIN, MODERATOR, editor.name), a_user("keeper", ADMIN))
    for kid, moment in (("active", NOON), ("next", NOON + timedelta(hours=1))):
        await put(storage, replace(PlainSealer().seal(kid.encode(), NOON, moment), sealed=b"before:" + kid.encode()))
    await add_a_link_and_a_session(storage)
    await storage.close()
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("DELETE FROM changes")
    return path


async def add_a_link_and_a_session(storage: SqlStorage) -> None:
    async with storage.reading() as reading:
        ada = await reading.users.by_login("ada")
    assert ada is not None
    _, token_hash = PlainLinkTokens().generate()
    token = REFRESH_TOKENS.first(new_session_id(NOON))
    session = Session.opened(token.session_id, ada.id, token.hash, UNKNOWN_DEVICE, NOON)
    await put(storage, LinkToken.issued(token_hash, LinkPurpose.PASSWORD_RESET, ada, NOON), session)


def run(story: str, before: Path, step: int) -> tuple[int, State]:
    """How the process ended that was killed before this step, and what is there then."""
    path = before.with_name("after.db")
    for old in before.parent.glob("after.db*"):
        old.unlink()
    shutil.copy(before, path)
    command = [sys.executable, "-m", "support.programs.crashing", str(path), story, str(step)]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.stderr == ""
    return done.returncode, state_of(path)


def state_of(path: Path) -> State:
    """What is there; whatever happened, every account has its role `user` and every grant its account."""
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        names = dict(file.execute("SELECT id, username_key FROM users"))
        accounts = frozenset(names.values())
        granted = frozenset(
            (names[user_id], role) for user_id, role in file.execute("SELECT user_id, role FROM user_roles")
        )
        assert {name for name, role in granted if role == "user"} == accounts
        ((announced,),) = file.execute("SELECT count(*) FROM changes")
        roles = frozenset(name for (name,) in file.execute("SELECT name FROM roles"))
        keys = frozenset(file.execute("SELECT kid, sealed, signs_from FROM signing_keys"))
        passwords = frozenset(hashed for (hashed,) in file.execute("SELECT password_hash FROM users"))
        ((links, sessions),) = file.execute(
            "SELECT (SELECT count(*) FROM link_tokens), (SELECT count(*) FROM sessions)"
        )
        return State(accounts, roles, granted, keys, passwords, links, sessions, announced)


@pytest.mark.parametrize(
    "story",
    [pytest.param(story, marks=() if story == USUAL_STORY else pytest.mark.full) for story in crashing.STORIES],
)
def test_a_process_killed_at_any_step_leaves_all_or_nothing(before: Path, story: str) -> None:
    """OP-01, F-01: and the change feed tells of it exactly when it happened."""
    old, states = state_of(before), []
    for step in count():
        code, state = run(story, before, step)
        if code == 0:
            break
        assert code == -9
        states.append(state)
    new = state
    assert (old.announced, new.announced) == (0, ANNOUNCED.get(story, 1))
    assert replace(old, announced=new.announced) != new
    assert len(states) >= 4, "the transaction's begin, two statements, its commit"
    assert set(states) <= {old, new}
