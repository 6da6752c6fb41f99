"""What an adoption did, or would do, account by account where something is to be said."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An account that cannot come as it is."""

    external_id: str
    shown: str
    """What people recognise the account by."""
    reason: str
    proposal: Mapping[str, str | None] | None = None
    """The line of a map that would let it come; None if there is nothing to propose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """An account that comes under another username."""

    external_id: str
    before: str
    username: str
    signs_in_as_before: bool
    """Whether its owner still signs in with the former name, too."""


@dataclass(slots=True)
class AdoptionReport:
    """Counts, and what is worth saying of single accounts."""

    total: int = 0
    already: int = 0
    """Accounts that came before. They are left alone."""
    coming: int = 0
    """Accounts that come, or would."""
    adopted: int = 0
    """Accounts of these that are in the database by now."""
    left: int = 0
    """Accounts that the map leaves where they are."""
    refused: list[Refused] = field(default_factory=list)
    renamed: list[Renamed] = field(default_factory=list)
    without_address: dict[str, str] = field(default_factory=dict)
    """Why an account comes without an address, by what people recognise it by."""
    admins: list[str] = field(default_factory=list)
    """The usernames of those who come as admins."""
    new_roles: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Return whether nobody is refused."""
        return not self.refused


@dataclass(frozen=True, slots=True)
class AdoptionProgress:
    total: int
    checked: int = 0
    adopted: int = 0
