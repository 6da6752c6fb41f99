"""Signing keys on the command line: what is printed, what is refused, and the exit codes."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from support.jwt.material import pem_of
from support.programs.command_line import Doorward
from support.programs.processes import free_port

OTHER = {"DOORWARD_SECRET_KEY": "b0ttom-of-the-class/6Hw1PlYj8rUaM3vKq7"}
MEMBERS = {"kid", "algorithm", "state", "createdAt", "signsFrom"}


def new_pem() -> bytes:
    return pem_of(Ed25519PrivateKey.generate())


def keys_of(doorward: Doorward) -> list[dict[str, Any]]:
    done = doorward("keys", "list", "--json")
    assert done.returncode == 0, done.stderr
    listed: list[dict[str, Any]] = json.loads(done.stdout)["keys"]
    return listed


def made(doorward: Doorward, *arguments: str, stdin: bytes = b"", **more: str) -> dict[str, Any]:
    done = doorward("keys", *arguments, "--json", stdin=stdin, **more)
    assert done.returncode == 0, done.stderr
    key: dict[str, Any] = json.loads(done.stdout)
    assert set(key) == MEMBERS
    return key


def waits(key: dict[str, Any]) -> timedelta:
    begins, created = (datetime.fromisoformat(key[name]) for name in ("signsFrom", "createdAt"))
    return begins - created


@pytest.fixture
def doorward(doorward: Doorward) -> Doorward:
    assert doorward("migrate").returncode == 0
    return doorward


def test_a_key_that_others_may_read_is_refused(doorward: Doorward) -> None:
    """ST-09: whoever has read it can make tokens."""
    file = doorward.folder / "key.pem"
    file.write_bytes(new_pem())
    for mode in (0o604, 0o644):
        file.chmod(mode)
        done = doorward("keys", "add", str(file))
        assert done.returncode == 1
        assert f"run: chmod 600 {file}" in done.stderr
        assert "PRIVATE" not in done.stderr
    with file.open("rb") as redirected, doorward.start("keys", "add", "-", stdin=redirected.fileno()) as command:
        _, errors = command.communicate()
    assert command.returncode == 1
    assert f"run: chmod 600 {file}" in errors
    assert keys_of(doorward) == []


def test_an_operator_brings_keys_by_file_and_by_standard_input(doorward: Doorward) -> None:
    """TK-21: the first signs at once, the next is published for a day before it does."""
    pems = [pem_of(key) for key in (generate_private_key(SECP256R1()), Ed25519PrivateKey.generate())]
    file = doorward.folder / "key.pem"
    file.write_bytes(pems[0])
    file.chmod(0o600)
    first, second = made(doorward, "add", str(file)), made(doorward, "add", "-", stdin=pems[1])
    assert [(key["algorithm"], key["state"], waits(key)) for key in (first, second)] == [
        ("ES256", "active", timedelta()),
        ("EdDSA", "next", timedelta(days=1)),
    ]
    assert keys_of(doorward) == [first, second]
    table = [line.split() for line in doorward("keys", "list").stdout.splitlines()]
    assert table[0] == ["KID", "ALGORITHM", "STATE", "CREATED", "SIGNS", "FROM"]
    assert [row[2] for row in table[1:]] == ["active", "next"]
    again = doorward("keys", "add", str(file))
    assert (again.returncode, again.stderr) == (1, "doorward: This key is already here.\n")
    assert doorward("keys", "add", "-", stdin="no key at all").returncode == 1


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_the_next_key_is_made_by_the_algorithm_that_is_set(doorward: Doorward, algorithm: str) -> None:
    """TK-19, TK-21."""
    made(doorward, "add", "-", stdin=new_pem())
    key = made(doorward, "rotate", DOORWARD_KEY_ALGORITHM=algorithm)
    assert (key["algorithm"], key["state"], waits(key)) == (algorithm, "next", timedelta(days=1))


def test_a_key_that_signs_at_once_sends_the_one_before_it_into_retirement(doorward: Doorward) -> None:
    made(doorward, "add", "-", stdin=new_pem())
    made(doorward, "rotate", "--in", "0")
    assert [key["state"] for key in keys_of(doorward)] == ["retiring", "active"]


@pytest.mark.parametrize("seconds", ["-1", "86401", "soon"])
def test_when_a_key_signs_is_a_number_of_seconds_within_a_day(doorward: Doorward, seconds: str) -> None:
    assert doorward("keys", "rotate", "--in", seconds).returncode == 2
    assert keys_of(doorward) == []


def test_a_revoked_key_is_gone_and_another_signs(doorward: Doorward) -> None:
    first, second = (made(doorward, "add", "-", stdin=new_pem()) for _ in range(2))
    done = doorward("keys", "revoke", "--yes", "--", first["kid"])
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"Revoked {first['kid']}; the tokens that it signed end within a second.",
        f"{second['kid']} (EdDSA) signs.",
    ]
    assert [(key["kid"], key["state"]) for key in keys_of(doorward)] == [(second["kid"], "active")]
    done = doorward("keys", "revoke", "--", first["kid"])
    assert (done.returncode, done.stderr) == (1, "doorward: There is no such key.\n")
    assert doorward("keys", "revoke", "--", second["kid"]).returncode == 0
    (fresh,) = keys_of(doorward)
    assert (fresh["algorithm"], fresh["state"]) == ("ES256", "active")


def test_under_another_secret_no_key_is_added_and_the_refusal_names_the_ways_out(doorward: Doorward) -> None:
    """ST-05."""
    kid = made(doorward, "add", "-", stdin=new_pem())["kid"]
    other = {**OTHER, "DOORWARD_PORT": str(free_port())}
    for command, code in ((["keys", "add", "-"], 1), (["keys", "rotate"], 1), (["serve"], 2)):
        done = doorward(*command, stdin=new_pem(), **other)
        assert done.returncode == code
        words = rf"doorward: signing key {kid} .* another DOORWARD_SECRET_KEY: .* doorward keys revoke (-- )?{kid}\n"
        assert re.fullmatch(words, done.stderr)
    revoked = doorward("keys", "revoke", "--", kid, **other)
    assert (revoked.returncode, "No other key can be decrypted here" in revoked.stdout) == (0, True)
    assert keys_of(doorward) == []
    assert doorward("keys", "add", "-", stdin=new_pem(), **other).returncode == 0


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"DOORWARD_SECRET_KEY_PREVIOUS": OTHER["DOORWARD_SECRET_KEY"]}, "DOORWARD_SECRET_KEY is not"),
        ({**OTHER, "DOORWARD_SECRET_KEY_PREVIOUS": OTHER["DOORWARD_SECRET_KEY"]}, "the same secret"),
    ],
)
def test_a_previous_secret_that_makes_no_sense_stops_the_start(
    doorward: Doorward, environment: dict[str, str], told: str
) -> None:
    """ST-04."""
    done = doorward("serve", DOORWARD_PORT=str(free_port()), **environment)
    assert done.returncode == 2
    assert re.fullmatch(rf"doorward: .*{told}.*\n", done.stderr)
    assert OTHER["DOORWARD_SECRET_KEY"] not in done.stderr
