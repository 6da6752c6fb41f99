"""Letters by SMTP."""

import asyncio
from contextlib import suppress
from email.message import EmailMessage
from typing import TYPE_CHECKING, final

from doorward.application.ports.letters import LetterContents
from doorward.infrastructure.mail.sender import Sender
from doorward.infrastructure.mail.smtp_url import MailTls, SmtpUrl
from doorward.infrastructure.mail.templates import LetterTemplates

if TYPE_CHECKING:
    from aiosmtplib import SMTP


QUIT_SECONDS = 2.0
"""How long to wait for the answer to QUIT from a server that has accepted the letter."""


@final
class SmtpMailer:
    """Implements Mailer: hands each letter to a mail server, on a connection of its own."""

    def __init__(
        self, templates: LetterTemplates, sender: Sender, url: SmtpUrl, own_name: str, timeout_seconds: float = 10.0
    ) -> None:
        """`own_name` is how Doorward greets the server. The timeout is for each answer of the server."""
        self._templates = templates
        self._sender = sender
        self._url = url
        self._own_name = own_name
        self._timeout_seconds = timeout_seconds

    async def send(self, contents: LetterContents) -> None:
        message = await asyncio.to_thread(self._message, contents)
        from aiosmtplib import SMTPException  # noqa: PLC0415 imported with the first letter

        from doorward.infrastructure.mail.smtp_failures import undelivered  # noqa: PLC0415

        client = self._client()
        try:
            await client.connect()
            await client.send_message(message, sender=self._sender.address, recipients=[contents.recipient])
        except (SMTPException, OSError, ValueError) as error:
            raise undelivered(error) from error
        else:
            with suppress(SMTPException, OSError):  # the letter is the server's by now
                await client.quit(timeout=QUIT_SECONDS)
        finally:
            client.close()

    def _message(self, contents: LetterContents) -> EmailMessage:
        from doorward.infrastructure.mail.message import message_of  # noqa: PLC0415 imported with the first letter

        return message_of(contents, self._templates.write(contents), self._sender)

    def _client(self) -> "SMTP":
        from aiosmtplib import SMTP  # noqa: PLC0415 imported with the first letter

        return SMTP(
            hostname=self._url.host,
            port=self._url.port,
            username=self._url.user,
            password=self._url.password,
            use_tls=self._url.tls is MailTls.IMPLICIT,
            start_tls=self._url.tls is MailTls.STARTTLS,
            local_hostname=self._own_name,
            timeout=self._timeout_seconds,
        )
