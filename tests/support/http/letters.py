"""The letters that a service under test wrote as files."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from doorward.application.letters.letter_sender import LetterSender
from doorward.infrastructure.settings.data_dir import letters_folder
from support.http.in_process import App

LINK = re.compile(r"^(?P<page>\S+)#token=(?P<token>[A-Za-z0-9_-]{43})$", re.MULTILINE)

CODE = re.compile(r"^(?P<code>[0-9]{8})$", re.MULTILINE)


def letters_to(server: App, address: str) -> list[EmailMessage]:
    """Let the service send what is due, and return all letters to this address in the order of their ids."""

    async def send() -> None:
        await (await server.container.get(LetterSender)).once()

    server.loop.run(send())
    folder = letters_folder(server.settings)
    letters = [read(path.read_bytes()) for path in sorted(folder.glob("*.eml"))]
    return [letter for letter in letters if letter["To"] == address]


def read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    """The text of a letter, or its HTML."""
    body = letter.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def link_of(letter: EmailMessage) -> tuple[str, str]:
    """The page of the link, and its token."""
    found = LINK.search(text_of(letter))
    assert found is not None, text_of(letter)
    return found["page"], found["token"]


def code_of(letter: EmailMessage) -> str:
    """The code to sign in."""
    found = CODE.search(text_of(letter))
    assert found is not None, text_of(letter)
    return found["code"]
