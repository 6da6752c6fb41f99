"""Who made a change, and from where, as the audit log says it."""

from dataclasses import dataclass
from typing import Final, Self

from doorward.domain.access.actor import Actor
from doorward.domain.access.principal import Principal
from doorward.domain.ids import SessionId, UserId

VISITOR_NAME: Final = "visitor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    actor: str
    """The id of an account or of a service, or `operator`, `system` or `visitor`."""
    account: UserId | None = None
    """The account that acts, if one does. The address is sealed under its key."""
    session_id: SessionId | None = None
    """The session in which it acts."""
    address: str = ""
    """The IP address of the client; empty if it is not known."""

    @classmethod
    def of_account(cls, user_id: UserId, session_id: SessionId | None, address: str) -> Self:
        return cls(actor=str(user_id), account=user_id, session_id=session_id, address=address)

    @classmethod
    def visitor(cls, address: str = "") -> Self:
        """Return the source of a request without a session: somebody signs up, or uses the link of a letter."""
        return cls(actor=VISITOR_NAME, address=address)

    @classmethod
    def of(cls, actor: Actor) -> Self:
        if isinstance(actor, Principal):
            return cls.of_account(actor.user_id, actor.session_id, actor.address)
        return cls(actor=actor.log_name)


SYSTEM: Final = Source(actor="system")
"""The service itself, as in its regular work."""

UNKNOWN_VISITOR: Final = Source.visitor()
