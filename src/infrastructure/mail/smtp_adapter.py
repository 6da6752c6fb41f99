"""The mailer of `smtp://` and `smtps://`."""

from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, final

from doorward.infrastructure.adapters.address import Address
from doorward.infrastructure.finding import Finding
from doorward.infrastructure.mail.sender import Sender
from doorward.infrastructure.mail.smtp_url import MailTls, SmtpUrl
from doorward.infrastructure.settings.web_addresses import is_loopback

if TYPE_CHECKING:
    from doorward.application.ports.letters import Mailer
    from doorward.infrastructure.adapters.mail_adapter import MailOptions


@final
@dataclass(frozen=True, slots=True)
class SmtpAdapter:
    """Implements MailAdapter."""

    url: SmtpUrl

    @classmethod
    def at(cls, address: Address) -> Self:
        """Return the adapter of a mail server. Raise ValueError."""
        return cls(SmtpUrl.parse(address.text))

    @property
    def masked(self) -> str:
        return self.url.masked

    def open(self, options: "MailOptions") -> "AbstractAsyncContextManager[Mailer]":
        from doorward.infrastructure.mail.smtp_mailer import SmtpMailer  # noqa: PLC0415 not needed to read settings

        return nullcontext(SmtpMailer(options.templates, options.sender, self.url, options.own_name))

    def diagnose(self, sender: Sender) -> Finding:
        return Finding.judged(
            "letters",
            f"letters from {sender} go to {self.url.masked}",
            good=self.url.tls is not MailTls.NONE or is_loopback(self.url.host),
            fix="remove ?starttls=off from DOORWARD_SMTP_URL: the links of letters pass the network in the open",
            otherwise="advice",
        )
