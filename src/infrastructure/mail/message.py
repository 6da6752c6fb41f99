"""Makes a message (RFC 5322) of a written letter."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from doorward.application.ports.letters import LetterContents
from doorward.infrastructure.mail.sender import Sender
from doorward.infrastructure.mail.templates import WrittenLetter

AUTO_GENERATED: Final = "auto-generated"
"""RFC 3834, section 5. Mail programs answer such a message with no notice of absence."""


def message_of(
    contents: LetterContents, written: WrittenLetter, sender: Sender, *, cte: str = "quoted-printable"
) -> EmailMessage:
    """Return the message, with a text and an HTML part. The names and addresses are encoded, so that no line break
    in them begins a header. `cte` is the content transfer encoding of the parts (RFC 2045, section 6)."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(sender.name, addr_spec=sender.address)
    message["To"] = Address(addr_spec=contents.recipient)
    message["Subject"] = written.subject
    message["Date"] = format_datetime(contents.sent_at)
    message["Message-ID"] = f"<{contents.letter_id}@{sender.domain}>"
    message["Auto-Submitted"] = AUTO_GENERATED
    message.set_content(written.text, cte=cte)
    message.add_alternative(written.html, subtype="html", cte=cte)
    message["Content-Language"] = contents.language
    return message
