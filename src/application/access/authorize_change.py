"""Decides inside a transaction whether its actor may still make the change.

The guard decides when a request arrives. Until the transaction of the request begins, its session may end and its
account may be disabled or lose a role, above all while the request waits for a password hash. Each use case that
changes something for an account therefore calls one of these functions first in its transaction, or right after a named
lock.
"""

from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Transaction
from doorward.domain.access.actor import Actor, decide_change
from doorward.domain.access.decision import refusal_of
from doorward.domain.access.principal import Principal
from doorward.domain.accounts.user import User
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId
from doorward.domain.services.service import Service


async def authorize_change(tx: Transaction, by: Actor, log: SecurityLog) -> None:
    """Hold the account and the session of the actor until the transaction ends. Raise InvalidToken or RoleRequired, as
    the guard would raise them now."""
    if isinstance(by, Principal):
        await require_authorized(tx, by, await tx.users.lock(by.user_id), log)


async def authorize_change_of(tx: Transaction, user_id: UserId, by: Actor | Service, log: SecurityLog) -> User:
    """Do the same for a change of the account `user_id`. It is held as well, and returned. Raise AccountMissing.

    The accounts are locked in the order of their ids, because two admins who change each other's account would deadlock
    otherwise.
    """
    ids = {user_id, by.user_id} if isinstance(by, Principal) else {user_id}
    held = {each: await tx.users.lock(each) for each in sorted(ids)}
    if isinstance(by, Principal):
        await require_authorized(tx, by, held[by.user_id], log)
    user = held[user_id]
    if user is None:
        raise AccountMissing
    return user


async def require_authorized(tx: Transaction, by: Principal, user: User | None, log: SecurityLog) -> None:
    """Lock the session of a request, and raise the refusal if the request may not change anything any more. `user` is
    its account, which is locked already."""
    decision = decide_change(by, user, await tx.sessions.lock(by.session_id))
    if not decision.allowed:
        log.record(
            SecurityEvent.AUTHZ_FAIL,
            reason=decision.reason,
            required=str(decision.requirement),
            user_id=str(by.user_id),
            session_id=str(by.session_id),
        )
        raise refusal_of(decision)
