"""The contract of Mailer on files, on a real SMTP server, and on the double."""

import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from email import message_from_bytes
from pathlib import Path

import pytest

from doorward.application.ports.letters import Mailer
from doorward.domain.errors import LetterUndelivered
from doorward.infrastructure.mail.file_mailer import FileMailer
from doorward.infrastructure.mail.links import Links
from doorward.infrastructure.mail.sender import Sender
from doorward.infrastructure.mail.smtp_mailer import SmtpMailer
from doorward.infrastructure.mail.smtp_url import SmtpUrl
from doorward.infrastructure.mail.templates import LetterTemplates
from doorward.testing.contracts.mailer import *  # noqa: F403 the tests of the contract
from doorward.testing.doubles import ListMailer
from support.mail_server import MailServer, running

LINKS = Links("https://auth.example.com")
TEMPLATES = LetterTemplates(LINKS)
SENDER = Sender.parse("Example <noreply@example.com>")
PATIENCE_SECONDS = 60.0
KINDS = ("file", "smtp", "double")


def file_mailer(folder: Path) -> FileMailer:
    return FileMailer(TEMPLATES, SENDER, folder, logs_links=False)


def smtp_mailer(port: int) -> SmtpMailer:
    return SmtpMailer(TEMPLATES, SENDER, SmtpUrl.parse(f"smtp://localhost:{port}"), LINKS.own_name, PATIENCE_SECONDS)


@pytest.fixture(params=KINDS)
async def mailer_and_ids(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[Mailer, Callable[[], Sequence[str]]]]:
    async with AsyncExitStack() as stack:
        match request.param:
            case "file":
                folder = tmp_path / "letters"
                yield file_mailer(folder), lambda: [id_of(path) for path in folder.iterdir()]
            case "smtp":
                server = await stack.enter_async_context(running(MailServer()))
                yield smtp_mailer(server.port), lambda: [str(taken["Message-ID"]) for taken in server.taken]
            case _:
                double = ListMailer()
                yield double, lambda: [str(contents.letter_id) for contents in double.sent]


def id_of(path: Path) -> str:
    return str(message_from_bytes(path.read_bytes())["Message-ID"])


@pytest.fixture
def mailer(mailer_and_ids: tuple[Mailer, Callable[[], Sequence[str]]]) -> Mailer:
    return mailer_and_ids[0]


@pytest.fixture
def message_ids(mailer_and_ids: tuple[Mailer, Callable[[], Sequence[str]]]) -> Callable[[], Sequence[str]]:
    return mailer_and_ids[1]


@pytest.fixture(params=KINDS)
def broken_mailer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mailer]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        match request.param:
            case "file":
                (tmp_path / "letters").write_text("a file where the folder would be")
                yield file_mailer(tmp_path / "letters")
            case "smtp":
                yield smtp_mailer(taken.getsockname()[1])
            case _:
                yield ListMailer(failure=LetterUndelivered("the mail server is away"))
