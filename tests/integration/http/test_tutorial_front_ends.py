"""Front ends of the tutorial's family against a real server: what they send, by the HTTP clients that they use.

The programs of `tutorial_clients/` are written after React, Vue and Angular front ends. axios and Angular come from
npm by the lock file.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from doorward.testing.builders import PASSWORD
from support.programs.npm import node_with_packages, run
from support.programs.server_process import running

PROGRAMS = Path(__file__).parents[1] / "tutorial_clients"

REGISTERED, CONTENT = "User registered successfully!", "User Content."
NO_MODERATOR = {"status": 403, "message": "Require Moderator Role!"}

PAGE: dict[str, Any] = {
    "registered": REGISTERED,
    "again": {"status": 400, "message": "Username is already in use!"},
    "stranger": {"status": 404, "message": "User Not found."},
    "roles": ["ROLE_USER"],
    "all": "Public Content.",
    "user": CONTENT,
    "mod": NO_MODERATOR,
    "nobody": {"status": 403, "message": "No token provided!"},
}
REFRESHING: dict[str, Any] = {
    "boards": [CONTENT] * 3,
    "together": [CONTENT, CONTENT, "Public Content."],
    "refreshes": 5,
    "ended": {"status": 403, "message": "Refresh token is not in database!"},
    "without": {"status": 403, "message": "Refresh Token is required!"},
}
ANGULAR: dict[str, Any] = {
    "registered": REGISTERED,
    "refused": {"status": 401, "message": "Invalid Password!"},
    "fresh": CONTENT,
}
UNAUTHORIZED = {"status": 401, "message": "Unauthorized!"}

EXPECTED = {
    "react": PAGE,
    "vue": PAGE,
    "reactRefreshing": REFRESHING,
    "vueRefreshing": REFRESHING,
    "angular": {**ANGULAR, "expired": UNAUTHORIZED, "mod": UNAUTHORIZED},
    "angularRefreshing": {**ANGULAR, "expired": CONTENT, "mod": NO_MODERATOR},
}
"""What each front end sees. Those that refresh keep the refresh token of their sign-in."""


@pytest.mark.full
def test_six_front_ends_of_the_tutorial_work(tmp_path: Path) -> None:
    folder = tmp_path / "front_ends"
    shutil.copytree(PROGRAMS, folder)
    node, _ = node_with_packages(folder)
    with running(tmp_path / "served", dialect="tutorial") as server:
        printed = run(folder, node, "front_ends.mjs", server.url, PASSWORD)
    assert json.loads(printed) == EXPECTED


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((PROGRAMS / "package-lock.json").read_text("utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
