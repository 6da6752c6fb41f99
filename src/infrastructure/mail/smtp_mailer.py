"""Letters by SMTP."""

import asyncio
from contextlib import suppress
from email.message import EmailMessage
from typing import TYPE_CHECKING, final

from doorward.application.ports.letters import LetterContents
from doorward.domain.errors import LetterUndelivered
from doorward.infrastructure.mail.sender import Sender
from doorward.infrastructure.mail.smtp_url import MailTls, SmtpUrl
from doorward.infrastructure.mail.templates import LetterTemplates

if TYPE_CHECKING:
    from aiosmtplib import SMTP

FIRST_PERMANENT_CODE = 500
"""Replies from 500 on are permanent (RFC 5321, section 4.2.1)."""


@final
class SmtpMailer:
    """Implements Mailer: hands each letter to a mail server, on a connection of its own.

    A letter that the server refuses for good (for its recipient or its content) is not tried again. A refused sender or
    a wrong password is tried again, because the operator can correct it.
    """

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
        from aiosmtplib import (  # noqa: PLC0415 imported with the first letter
            SMTPDataError,
            SMTPException,
            SMTPRecipientsRefused,
            SMTPResponseException,
            SMTPTimeoutError,
        )

        client = self._client()
        try:
            await client.connect()
            await client.send_message(message, sender=self._sender.address, recipients=[contents.recipient])
        except SMTPRecipientsRefused as error:
            code = error.recipients[0].code
            raise undelivered(f"the server refused the recipient ({code})", code) from error
        except SMTPDataError as error:
            raise undelivered(f"the server refused the message ({error.code})", error.code) from error
        except SMTPResponseException as error:
            raise LetterUndelivered(f"{type(error).__name__} ({error.code})") from error
        except (SMTPTimeoutError, TimeoutError) as error:
            raise LetterUndelivered("the mail server did not answer in time") from error
        except (SMTPException, OSError, ValueError) as error:
            raise LetterUndelivered(type(error).__name__) from error
        else:
            with suppress(SMTPException, OSError):  # the letter is the server's by now
                await client.quit()
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


def undelivered(text: str, code: int) -> LetterUndelivered:
    return LetterUndelivered(text, final=code >= FIRST_PERMANENT_CODE)
