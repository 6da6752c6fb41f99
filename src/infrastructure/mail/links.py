"""The addresses in letters. They begin with DOORWARD_PUBLIC_URL, and never with what a request said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final
from urllib.parse import urlsplit

from doorward.domain.letters.letter import LetterKind
from doorward.infrastructure.settings.web_addresses import as_address

PAGES: Final[Mapping[LetterKind, str]] = {
    LetterKind.PASSWORD_RESET: "/reset-password",
    LetterKind.EMAIL_VERIFICATION: "/verify-email",
    LetterKind.EMAIL_CHANGE: "/change-email",
    LetterKind.EMAIL_CHANGED: "/undo",
    LetterKind.PASSWORD_CHANGED: "/undo",
    LetterKind.NEW_DEVICE: "/undo",
    LetterKind.INVITATION: "/accept-invitation",
}
"""The page to which the link of a letter leads."""


@final
@dataclass(frozen=True, slots=True)
class Links:
    public_url: str

    def link(self, kind: LetterKind, token: str) -> str:
        """Return the link. The token is in the fragment, which browsers send to no server."""
        return f"{self.public_url}{PAGES[kind]}#token={token}"

    @property
    def service(self) -> str:
        """Return the host of the service, by which letters call it."""
        return urlsplit(self.public_url).hostname or self.public_url

    @property
    def own_name(self) -> str:
        """Return the name by which the service greets a mail server (RFC 5321, section 4.1.3)."""
        address = as_address(self.service)
        if address is None:
            return self.service
        return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
