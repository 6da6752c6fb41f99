"""What the README and the documents tell people to type works, and their links and tables are correct."""

import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from doorward.infrastructure.settings.descriptions import describe_settings
from support.programs.command_line import DOORWARD
from support.programs.people import Person
from support.programs.processes import PATIENCE
from support.programs.server_process import running
from support.readme import PROJECT, block, flows, guide, hand_edit

PASTED = ("sessions.md", "cookies.md")


def test_the_five_lines_work_as_pasted(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        lines = block("sh", "curl").strip().splitlines()
        script = "\n".join(f"{line}; echo" for line in lines)
        script = script.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}").replace(".venv/bin/doorward", DOORWARD)
        pasted = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=server.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
    answers = [line for line in pasted.stdout.splitlines() if line]
    assert answers[0] == '{"message":"User registered successfully!"}'
    assert answers[1] == "User Content."
    assert "Require Moderator Role!" in answers[2]
    assert answers[-1] == "Moderator Content."
    assert len(lines) == 5
    (logged,) = pasted.stderr.splitlines()
    assert json.loads(logged)["event"] == "authz_change"
    shown = block("text", "User Content.").splitlines()
    assert [without_request_id(line) for line in shown] == [without_request_id(line) for line in answers]


def test_each_row_of_what_people_can_do_works_as_pasted(tmp_path: Path) -> None:
    with running(tmp_path, email_codes="true") as server:
        person = Person(server)
        statuses = [(flow.does, person.pastes(flow.command)) for flow in flows()]
    assert statuses == [(flow.does, flow.status) for flow in flows()]


def without_request_id(line: str) -> str:
    """Return the line without the request id, which differs at each run."""
    return re.sub(r'"requestId":"[0-9a-f]+"', "", line)


def test_the_curl_examples_for_sessions_and_cookies_work_as_pasted(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        server.create_user("ada")
        script = "\n".join(block("sh", "curl", guide(name)) for name in PASTED)
        pasted = subprocess.run(
            ["bash", "-c", script.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")],
            cwd=tmp_path,
            env=server.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
    listed, signed_out, signed_in, account, refreshed = pasted.stdout.splitlines()
    assert len(json.loads(listed)["sessions"]) == 2
    assert signed_out == "204"
    assert json.loads(account)["username"] == "ada"
    for answer in (signed_in, refreshed):
        assert json.loads(answer)["username"] == "ada"
        assert "accessToken" not in answer


def test_the_commands_for_the_first_admin_and_for_a_role_by_sql_work_as_written(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        ada = server.create_user("ada")
        line = next(line for line in block("sh", "users create").splitlines() if "--role admin" in line)
        made = server.run(*line.split()[1:], stdin="violet harbour kettle")
        assert made.returncode == 0, made.stderr
        with sqlite3.connect(server.data_dir / "doorward.db") as database:
            database.execute(hand_edit("ada", "moderator"))
            with pytest.raises(sqlite3.IntegrityError):
                database.execute(hand_edit("ada", "modreator"))
        database.close()
        shown = server.run("users", "show", ada.username, "--json")
        assert '"moderator"' in shown.stdout


def test_the_example_of_a_unit_test_passes(tmp_path: Path) -> None:
    example = tmp_path / "test_example.py"
    example.write_text(block("python", "test_a_granted_role_allows_access", guide("testing.md")), "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", str(PROJECT / "pyproject.toml"), str(example)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "1 passed" in run.stdout, run.stdout + run.stderr


def test_the_table_of_settings_equals_the_code() -> None:
    table = guide("settings.md")
    written = re.findall(r"^\| `((?:DOORWARD_)?[A-Z_]+)` \| (.*?) \| (.*) \|$", table, re.MULTILINE)
    assert [tuple(row) for row in written] == [
        (setting.name, setting.default, setting.meaning) for setting in describe_settings()
    ]


DOCUMENTS = (
    PROJECT / "README.md",
    PROJECT / "SECURITY.md",
    *sorted((PROJECT / "docs").rglob("*.md")),
    *sorted((PROJECT / "examples").glob("*/README.md")),
)
LINK = re.compile(r"\]\(([^)#:]*)(?:#([^)]*))?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(document: Path) -> None:
    for path, anchor in LINK.findall(document.read_text("utf-8")):
        target = document.parent / path if path else document
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def anchors(document: Path) -> set[str]:
    """Return the anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("folder", ["docs", "docs/decisions"])
def test_the_index_of_a_folder_names_each_document_in_it(folder: str) -> None:
    index = PROJECT / folder / "README.md"
    named = {path for path, _ in LINK.findall(index.read_text("utf-8"))}
    assert {path.name for path in index.parent.glob("*.md")} - {"README.md"} <= named
