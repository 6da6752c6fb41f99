"""Who makes a change, and the decision whether they still may when it is made."""

from dataclasses import dataclass
from typing import Final, TypeAlias, final

from doorward.domain.access.decision import Decision, decide, session_ended
from doorward.domain.access.principal import Principal
from doorward.domain.accounts.user import User
from doorward.domain.services.service import Service
from doorward.domain.sessions.session import Session


@final
@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever runs a command on the machine of the service. The operating system decides who that is."""

    @property
    def log_name(self) -> str:
        """Return the actor as the security log names it."""
        return "operator"


OPERATOR: Final = Operator()

Actor: TypeAlias = Principal | Operator | Service
"""A principal can lose its rights while its request waits. The operator and a service cannot."""


def decide_change(principal: Principal, user: User | None, session: Session | None) -> Decision:
    """Return the decision of the guard for a request that it admitted before. `user` and `session` are the account and
    the session of the request as they are now."""
    if user is not None and (session is None or session.user_id != user.id):
        return session_ended(principal.requirement)
    return decide(user.access if user else None, principal.requirement, principal.admitted_at, principal.epoch)
