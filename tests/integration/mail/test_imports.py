"""What letters need is imported with the first letter, so that a service without letters starts as fast as before."""

import subprocess
import sys
from pathlib import Path

BUILD = """
import asyncio, os, sys
from doorward.interfaces.main import build
from doorward.infrastructure.container import make_container
from doorward.infrastructure.settings.loading import load_settings
from doorward.application.letters.letter_sender import LetterSender
build()
asyncio.run(make_container(load_settings(os.environ)).get(LetterSender))
print(*{name.partition(".")[0] for name in sys.modules})
"""


def test_a_service_that_sends_no_letter_imports_nothing_for_it(tmp_path: Path) -> None:
    for server in ({}, {"DOORWARD_SMTP_URL": "smtp://localhost", "DOORWARD_MAIL_FROM": "noreply@example.com"}):
        environment = {"DOORWARD_DATA_DIR": str(tmp_path), **server}
        done = subprocess.run(
            [sys.executable, "-c", BUILD], capture_output=True, text=True, check=True, env=environment, cwd=tmp_path
        )
        loaded = set(done.stdout.splitlines()[-1].split())
        assert "litestar" in loaded
        assert not {"jinja2", "babel", "aiosmtplib"} & loaded
