"""Letters as files, for installations without a mail server."""

import asyncio
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any, final

from doorward.application.ports.letters import LetterContents
from doorward.domain.errors import LetterUndelivered
from doorward.infrastructure.log import structlog
from doorward.infrastructure.mail.sender import Sender
from doorward.infrastructure.mail.templates import LetterTemplates
from doorward.infrastructure.private_files import make_private_directory, write_private_file


@final
class FileMailer:
    """Implements Mailer: each letter becomes a file that only this user may read, and a line of the log names it.

    The folder is made with the first letter, so that a service starts where nothing can be written.

    With `logs_links` that line has the link or the code of the letter, so that somebody who tries the service can use
    it. Whoever reads the log can, too, so it is for services that only clients on this machine use.
    """

    def __init__(self, templates: LetterTemplates, sender: Sender, folder: Path, *, logs_links: bool) -> None:
        self._templates = templates
        self._sender = sender
        self._folder = folder
        self._logs_links = logs_links
        self._logger: Any = structlog.get_logger()

    async def send(self, contents: LetterContents) -> None:
        path, link = await asyncio.to_thread(self._write, contents)
        secrets_of_letter = {"link": link, "code": contents.code} if self._logs_links else {}
        shown = {name: value for name, value in secrets_of_letter.items() if value is not None}
        self._logger.info("letter_written", kind=contents.kind.value, file=str(path), **shown)

    def _write(self, contents: LetterContents) -> tuple[Path, str | None]:
        """Write the file in one step, in place of the same letter of an earlier attempt."""
        from doorward.infrastructure.mail.message import message_of  # noqa: PLC0415 imported with the first letter

        written = self._templates.write(contents)
        path = self._folder / f"{contents.letter_id}.eml"
        draft = path.with_suffix(f".{secrets.token_hex(8)}.draft")
        try:
            make_private_directory(self._folder.parent)  # the data directory
            make_private_directory(self._folder)
            write_private_file(draft, message_of(contents, written, self._sender, cte="8bit").as_bytes())
            draft.replace(path)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            reason = f"DATA_DIR/letters cannot be written ({error.strerror}): set DOORWARD_SMTP_URL"
            raise LetterUndelivered(reason) from error
        return path, written.link
