"""Services on the command line: what is printed, what is kept, what is refused."""

import json
import re
from typing import Any

import pytest

from doorward.domain.services.service import ID
from support.programs.command_line import Doorward

SECRET = r"[A-Za-z0-9_-]{43}"


def add(doorward: Doorward, name: str) -> dict[str, Any]:
    done = doorward("services", "add", name, "--json")
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def listed(doorward: Doorward) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(doorward("services", "list", "--json").stdout)["services"]
    return found


def test_a_service_is_added_and_its_secret_told_once(migrated: Doorward) -> None:
    """LG-03: the log has the service, and not the secret."""
    done = migrated("services", "add", "billing")
    assert done.returncode == 0
    told = re.fullmatch(rf"Added billing\.\nid: (?P<id>{ID.pattern})\nsecret: (?P<secret>{SECRET})\n", done.stdout)
    assert told is not None
    assert "not shown again" in done.stderr
    assert '"event":"service_added"' in done.stderr
    assert told["secret"] not in done.stderr
    for option in ([], ["--json"]):
        shown = migrated("services", "list", *option)
        assert told["id"] in shown.stdout
        assert told["secret"] not in shown.stdout + shown.stderr


def test_scripts_get_json(migrated: Doorward) -> None:
    made = add(migrated, "json-shop")
    assert set(made) == {"id", "name", "createdAt", "secret"}
    assert re.fullmatch(SECRET, made["secret"])
    (found,) = (service for service in listed(migrated) if service["name"] == "json-shop")
    assert found == {name: made[name] for name in ("id", "name", "createdAt")}


def test_the_secret_is_not_in_the_database(doorward: Doorward) -> None:
    assert doorward("migrate").returncode == 0
    made = add(doorward, "billing")
    stored = b"".join(path.read_bytes() for path in doorward.data_dir.glob("doorward.db*"))
    assert made["id"].encode() in stored
    assert made["secret"].encode() not in stored


@pytest.mark.parametrize(("name", "told"), [("Billing", "Service names are"), ("taken", "of this name already")])
def test_a_bad_name_and_one_in_use_are_refused_in_one_line(migrated: Doorward, name: str, told: str) -> None:
    if name == "taken":
        add(migrated, name)
    done = migrated("services", "add", name, "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(rf"doorward: .*{told}.*\n", done.stderr)


def test_a_service_is_removed_by_name_or_id_and_only_once(migrated: Doorward) -> None:
    by_name, by_id = add(migrated, "remove-me"), add(migrated, "remove-me-too")
    for service, which in ((by_name, "remove-me"), (by_id, by_id["id"])):
        done = migrated("services", "remove", "--yes", which)
        assert (done.returncode, done.stdout) == (0, f"Removed {service['name']} ({service['id']}).\n")
        assert '"event":"service_removed"' in done.stderr
        done = migrated("services", "remove", which)
        assert (done.returncode, done.stderr) == (1, "doorward: There is no such service.\n")
    assert not {by_name["id"], by_id["id"]} & {service["id"] for service in listed(migrated)}
    assert add(migrated, "remove-me")["id"] != by_name["id"]
