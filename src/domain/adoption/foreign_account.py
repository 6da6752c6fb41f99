from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignAccount:
    """An account of another system, as it is there. Nothing is checked yet."""

    external_id: str
    """Its id in the other system."""
    username: str | None
    """What its owner signs in with; None if the other system has no names, but addresses only."""
    email: str | None
    email_verified: bool = False
    """Whether the other system has proved that its owner reads the mail of this address."""
    password_hash: str | None = field(repr=False)
    """None for an account without a password, for example one that signs in through another service."""
    roles: tuple[str, ...] = ()
    disabled: bool = False
    created_at: datetime | None = None
    """Aware; None if the other system does not know it."""

    @property
    def shown(self) -> str:
        """Return what people recognise the account by."""
        return self.username or self.email or self.external_id
