"""Accounts that came with the hashes of their passwords, at the door of a server that runs meanwhile."""

import json
from collections.abc import Callable, Iterator

import argon2
import bcrypt
import pytest

from doorward.testing.builders import PASSWORD
from support.http.database_shell import run_sql
from support.http.service import Unique, outcome
from support.programs.server_process import Server, at_full_cost

STRONGER = argon2.PasswordHasher(time_cost=3, memory_cost=32_768, parallelism=2)
OTHER_KIND = argon2.PasswordHasher(time_cost=1, memory_cost=1_024, parallelism=1, hash_len=16, type=argon2.Type.I)
CURRENT_PARAMETERS = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that renews hashes as in production."""
    with at_full_cost(tmp_path_factory.mktemp("imported")) as server:
        yield server


def imported(server: Server, name: str, password_hash: str, **members: object) -> None:
    entry = {"username": name, "email": f"{name}@example.org", "passwordHash": password_hash, **members}
    done = server.run("users", "import", "-", stdin=json.dumps(entry))
    assert done.returncode == 0, done.stderr
    server.secrets.add(password_hash)


def stored_hash(server: Server, name: str) -> str:
    ((stored,),) = run_sql(server, f"SELECT password_hash FROM users WHERE username_key = '{name}'")
    return str(stored)


def bcrypt_hash(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


@pytest.mark.parametrize(
    "make",
    [CURRENT_PARAMETERS.hash, STRONGER.hash, OTHER_KIND.hash, bcrypt_hash],
    ids=["current", "stronger", "another kind", "bcrypt"],
)
def test_an_imported_account_signs_in_and_an_old_hash_is_renewed(
    server: Server, unique: Unique, make: Callable[[str], str]
) -> None:
    """SI-11."""
    name, password_hash = unique("brought"), make(PASSWORD)
    imported(server, name, password_hash, roles=["moderator"])
    with server.client() as client:
        wrong = client.post("/api/auth/signin", json={"username": name, "password": "violet harbour kettles"})
        assert outcome(wrong) == (401, "invalid_credentials")
        assert stored_hash(server, name) == password_hash
        account = server.sign_in(f"{name}@example.org")
        assert client.get("/api/test/mod", headers=account.bearer).text == "Moderator Content."
    assert (stored_hash(server, name) == password_hash) == (make == CURRENT_PARAMETERS.hash)
    assert stored_hash(server, name).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert server.sign_in(name).id == account.id


def test_a_disabled_account_is_disabled_here_too(server: Server, unique: Unique) -> None:
    name = unique("brought")
    imported(server, name, CURRENT_PARAMETERS.hash(PASSWORD), disabled=True)
    with server.client() as client:
        answer = client.post("/api/auth/signin", json={"username": name, "password": PASSWORD})
    assert answer.status_code == 401
