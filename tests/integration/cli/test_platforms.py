"""Files and folders as Kubernetes, OpenShift and systemd give them to a service that runs as a user of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import pytest

from support.programs.command_line import Doorward
from support.programs.server_process import running

DOCKERFILE = Path(__file__).parents[3] / "Dockerfile"

USER, GROUP, ARBITRARY_USER = 10_001, 10_001, 1_000_650_000
SECRET = "t0p-of-the-class/7Jx2QmZk9sVbN4wLr8"

TRY = """
import json, os, sys
from pathlib import Path
from doorward.infrastructure.security.master_secret import load_master_secret
from doorward.infrastructure.settings.data_dir import make_data_dir
from doorward.infrastructure.settings.env_file import read_env_file
from doorward.infrastructure.settings.file_access import exposure
from doorward.infrastructure.settings.sources import read_text
from doorward.infrastructure.settings.start_refused import StartRefused

ACTIONS = {
    "data": make_data_dir,
    "key": lambda path: load_master_secret(None, path),
    "secret": lambda path: read_text("DOORWARD_SECRET_KEY_FILE", str(path), exposure),
    "env": read_env_file,
}
action, path, user, group = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
os.setgroups([group])
os.setgid(group)
os.setuid(user)
try:
    ACTIONS[action](path)
except StartRefused as refused:
    print(json.dumps(str(refused)))
else:
    print(json.dumps(None))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's own."""
    if os.geteuid() != 0:
        pytest.skip("only root can act as another user")
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def refusal(action: str, path: Path, user: int = USER, group: int = GROUP, **environ: str) -> Any:
    """Return what the service says about the path when it runs as that user, or None if it accepts the path."""
    done = subprocess.run(
        [sys.executable, "-c", TRY, action, str(path), str(user), str(group)],
        env={**os.environ, **environ},
        cwd="/",
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


def made(path: Path, mode: int, owner: int, group: int, text: str | None = None) -> Path:
    if text is None:
        path.mkdir()
    else:
        path.write_text(text)
    os.chown(path, owner, group)
    path.chmod(mode)
    return path


def test_a_volume_of_the_pods_group_is_accepted(folder: Path) -> None:
    """`fsGroup`: root owns the volume, and the pod's group may write it."""
    assert refusal("data", made(folder / "volume", 0o2775, 0, GROUP)) is None


def test_a_data_folder_is_still_accepted_when_the_platform_has_opened_it_to_the_pods_group(folder: Path) -> None:
    """At each start, Kubernetes gives the group of a volume access to all of its files."""
    data = made(folder / "data", 0o2770, USER, GROUP)
    key = made(data / "secret.key", 0o660, USER, GROUP, SECRET)
    assert (refusal("data", data), refusal("key", key)) == (None, None)


def test_an_arbitrary_user_of_group_0_may_use_the_folder_of_the_image(folder: Path) -> None:
    """OpenShift runs an image as a user that it chooses."""
    assert refusal("data", made(folder / "image", 0o770, USER, 0), user=ARBITRARY_USER, group=0) is None


def test_a_folder_that_everybody_may_write_is_refused_with_an_advice_that_can_be_followed(folder: Path) -> None:
    """An `emptyDir` has mode 0777 and belongs to root, so that the service cannot change it."""
    empty = made(folder / "empty", 0o777, 0, 0)
    assert refusal("data", empty).endswith(f"such as {empty}/doorward, which Doorward creates for itself")
    assert refusal("data", empty / "doorward") is None
    own = made(folder / "own", 0o777, USER, GROUP)
    assert refusal("data", own).endswith(f"run: chmod 700 {own}")


def test_a_secret_for_the_services_group_is_accepted(folder: Path) -> None:
    assert refusal("secret", made(folder / "key", 0o440, 0, GROUP, SECRET)) is None


def test_a_secret_for_everybody_is_accepted_only_where_systemd_puts_its_credentials(folder: Path) -> None:
    key = made(folder / "key", 0o444, 0, 0, SECRET)
    assert "other users may access" in refusal("secret", key)
    assert refusal("secret", key, CREDENTIALS_DIRECTORY=str(folder)) is None


def test_a_current_folder_that_cannot_be_entered_has_no_env_file(folder: Path) -> None:
    closed = made(folder / "closed", 0o700, 0, 0)
    assert refusal("env", closed / ".env") is None
    readable = made(folder / ".env", 0o600, 0, 0, "DOORWARD_PORT=9000")
    assert "cannot be read" in refusal("env", readable)


def test_a_full_disk_behind_standard_output_is_an_error_without_a_traceback(migrated: Doorward) -> None:
    with Path("/dev/full").open("wb") as full, migrated.start("users", "list", stdin=DEVNULL, stdout=full) as command:
        assert command.stderr is not None
        error = command.stderr.read()
    assert command.returncode == 1
    assert error == "doorward: standard output cannot be written: No space left on device\n"


def test_the_health_check_of_the_image_asks_the_service_itself_and_never_a_proxy(tmp_path: Path) -> None:
    (check,) = re.findall(r"^ +CMD (\[.*\])$", DOCKERFILE.read_text(), re.MULTILINE)
    name, *arguments = json.loads(check)
    assert name == "python"
    with running(tmp_path) as server:
        environment = {**os.environ, "http_proxy": "http://127.0.0.1:1", "DOORWARD_PORT": str(server.port)}
        for expected in (0, 1):
            done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, check=False)
            assert done.returncode == expected
            server.stop()


def test_no_data_folder_is_needed_with_mysql_and_a_given_secret(tmp_path: Path, mysql_url: str) -> None:
    """The root file system of a container may be read-only."""
    data = tmp_path / "data"
    with running(tmp_path, database_url=mysql_url, secret_key=SECRET, workers="2") as server:
        assert server.request("GET", "/metrics").status_code == 200
        assert not data.exists()
