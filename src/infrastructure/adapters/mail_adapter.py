"""What an adapter of letters implements beside the port Mailer of `application/ports/letters.py`.

A package offers it in the entry-point group `doorward.mailers`, under the scheme of DOORWARD_SMTP_URL that chooses it:

    [project.entry-points."doorward.mailers"]
    ses = "doorward_ses.adapter:SesAdapter.at"
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from doorward.application.ports.letters import Mailer
from doorward.infrastructure.adapters.address import Address
from doorward.infrastructure.finding import Finding
from doorward.infrastructure.mail.sender import Sender

if TYPE_CHECKING:
    from doorward.infrastructure.mail.templates import LetterTemplates


@dataclass(frozen=True, slots=True, kw_only=True)
class MailOptions:
    """The settings of letters, and what a mailer needs of Doorward."""

    templates: "LetterTemplates"
    """Writes the subject, the text and the HTML of a letter."""
    sender: Sender
    """DOORWARD_MAIL_FROM."""
    own_name: str
    """The host name of this service, as in DOORWARD_PUBLIC_URL, for servers that ask who calls."""


class MailAdapter(Protocol):
    """One way to send letters. No text that it returns or raises contains a secret of the URL."""

    @property
    def masked(self) -> str:
        """The URL for people and logs, without a password or another secret."""
        ...

    def open(self, options: MailOptions) -> AbstractAsyncContextManager[Mailer]:
        """Return the mailer for the time of a service or a command. It connects when it is used."""
        ...

    def diagnose(self, sender: Sender) -> Finding:
        """Return the finding `letters` for `doorward doctor`: where letters go, and whether their links are encrypted
        on the way. Nothing is connected to."""
        ...


MailAdapterFactory = Callable[[Address], MailAdapter]
"""Returns the adapter for an address whose scheme is the name of its entry point.

It raises ValueError for a URL that cannot be used: one line that says what to write instead, without a full stop at its
end, and without a secret. It imports little and connects to nothing.
"""
