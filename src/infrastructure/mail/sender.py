"""The sender of letters, as settings give it: `address` or `Name <address>`."""

import re
from dataclasses import dataclass
from typing import Final, Self

from doorward.domain.accounts.email import Email
from doorward.domain.errors import InvalidEmail

FORM: Final = re.compile(r"(?:(?P<name>[^<>]*)<(?P<address>[^<>]+)>|(?P<plain>[^<>]+))")
MAX_NAME_CHARACTERS: Final = 100


@dataclass(frozen=True, slots=True)
class Sender:
    address: str
    name: str = ""

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Return the sender. Raise ValueError."""
        found = FORM.fullmatch(raw.strip())
        name = ((found and found["name"]) or "").strip().strip('"')
        try:
            address = Email.parse(((found and (found["address"] or found["plain"])) or "").strip()).value
        except InvalidEmail as error:
            raise ValueError(
                "write an email address, or a name and an address: Example <noreply@example.com>"
            ) from error
        if not name.isprintable() or len(name) > MAX_NAME_CHARACTERS:
            raise ValueError(f"the name has at most {MAX_NAME_CHARACTERS} printable characters")
        return cls(address, name)

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def check_mail_from(raw: str) -> str:
    """Return the sender as it was written. Raise ValueError when it is none."""
    Sender.parse(raw)
    return raw
