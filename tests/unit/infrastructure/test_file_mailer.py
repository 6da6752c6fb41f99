"""Letters as files."""

import secrets
import stat
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from doorward.domain.errors import LetterUndelivered
from doorward.infrastructure.mail.file_mailer import FileMailer
from doorward.infrastructure.mail.links import Links
from doorward.infrastructure.mail.sender import Sender
from doorward.infrastructure.mail.templates import LetterTemplates
from doorward.infrastructure.settings.loading import load_settings
from doorward.infrastructure.settings.reachability import is_for_this_machine
from doorward.testing.builders import letter_contents

SECRET = secrets.token_urlsafe(32)
TEMPLATES = LetterTemplates(Links("http://127.0.0.1:8080"))
CONTENTS = letter_contents()


def mailer(folder: Path, *, logs_links: bool = False) -> FileMailer:
    return FileMailer(TEMPLATES, Sender.parse("noreply@example.com"), folder, logs_links=logs_links)


def text_of_file(name: str) -> str:
    return Path(name).read_text()


@pytest.mark.parametrize("logs_links", [True, False])
async def test_the_log_has_the_link_only_where_it_may(tmp_path: Path, logs_links: bool) -> None:
    """LG-03."""
    with capture_logs() as lines:
        await mailer(tmp_path, logs_links=logs_links).send(CONTENTS)
    (line,) = lines
    assert line["event"] == "letter_written"
    assert ("T" * 43 in str(line)) == logs_links
    assert "example.org" not in str(line)
    assert "T" * 43 in text_of_file(line["file"])


@pytest.mark.parametrize(
    ("given", "local"),
    [
        ({}, True),
        ({"DOORWARD_PUBLIC_URL": "http://localhost:8080"}, True),
        ({"DOORWARD_PUBLIC_URL": "http://[::1]:8080"}, True),
        ({"DOORWARD_PUBLIC_URL": "https://auth.example.com"}, False),
        ({"DOORWARD_PUBLIC_URL": "https://localhost.example.com/auth"}, False),
        ({"DOORWARD_ALLOWED_HOSTS": "auth.example.com"}, False),
        ({"DOORWARD_HOST": "0.0.0.0", "DOORWARD_BEHIND_TLS_PROXY": "true"}, False),
    ],
)
def test_a_service_behind_a_proxy_is_not_for_this_machine_alone(given: dict[str, str], local: bool) -> None:
    """LG-03: a proxy on the same machine reaches the service on a loopback address."""
    assert is_for_this_machine(load_settings({"DOORWARD_SECRET_KEY": SECRET, **given})) == local


async def test_a_repeated_letter_takes_the_place_of_its_file(tmp_path: Path) -> None:
    for _ in range(2):
        await mailer(tmp_path / "letters").send(CONTENTS)
    assert [path.name for path in (tmp_path / "letters").iterdir()] == [f"{CONTENTS.letter_id}.eml"]


async def test_the_folder_and_the_data_directory_are_made_for_this_user_alone(tmp_path: Path) -> None:
    """ST-09."""
    data_dir = tmp_path / "srv" / "doorward"
    await mailer(data_dir / "letters").send(CONTENTS)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (data_dir, data_dir / "letters")] == [0o700, 0o700]


async def test_a_folder_that_cannot_be_made_is_a_failure_that_may_pass(tmp_path: Path) -> None:
    (tmp_path / "letters").write_text("a file")
    with pytest.raises(LetterUndelivered, match=r"DATA_DIR/letters cannot be written .*DOORWARD_SMTP_URL") as failed:
        await mailer(tmp_path / "letters").send(CONTENTS)
    assert not failed.value.final
