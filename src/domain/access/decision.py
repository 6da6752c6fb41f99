"""Decides whether an account meets a requirement. The guard of every request, the transaction of every change by an
account (`actor.py`) and `POST /api/admin/explain` use it."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

from doorward.domain.access.role import RoleName
from doorward.domain.errors import DomainError, InvalidToken, RoleRequired
from doorward.domain.ids import UserId


@dataclass(frozen=True, slots=True)
class Requirement:
    """Any one of these roles. An empty set requires only an account that may sign in."""

    any_of: frozenset[RoleName] = frozenset()

    def __str__(self) -> str:
        """Return the text of the wire contract, such as `Require Moderator or Admin Role!`."""
        names = " or ".join(name.capitalize() for name in sorted(self.any_of, reverse=True))
        return f"Require {names} Role!" if names else "Sign in first."


SIGNED_IN = Requirement()


def any_of(*roles: RoleName) -> Requirement:
    return Requirement(frozenset(roles))


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What authorization needs to know of an account, and the name that services learn of it."""

    user_id: UserId
    username: str
    roles: frozenset[RoleName]
    disabled: bool
    disabled_until: datetime | None = None
    """When a disabled account becomes enabled by itself; None stands for never."""
    epoch: int

    def is_enabled_at(self, now: datetime) -> bool:
        return not self.disabled or (self.disabled_until is not None and now >= self.disabled_until)


Reason = Literal[
    "granted", "signed_in", "role_missing", "account_disabled", "account_missing", "token_revoked", "session_ended"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision and its reason.

    `granted_by` is the role that decided. `missing` are the roles of which any one would be enough; it is empty when
    the account has one of them and is refused for another reason.
    """

    allowed: bool
    reason: Reason
    requirement: Requirement
    granted_by: RoleName | None = None
    missing: frozenset[RoleName] = frozenset()


def decide(access: Access | None, requirement: Requirement, now: datetime, token_epoch: int | None = None) -> Decision:
    """Return the decision for an account at that time. `token_epoch` is the epoch in which the access token was issued;
    None asks about the account alone."""
    if access is None:
        return refused("account_missing", requirement)
    if access.disabled and not access.is_enabled_at(now):
        return refused("account_disabled", requirement, access.roles)
    if token_epoch is not None and token_epoch != access.epoch:
        return refused("token_revoked", requirement, access.roles)
    if not requirement.any_of:
        return granted(requirement)
    held = requirement.any_of & access.roles
    return granted(requirement, min(held)) if held else refused("role_missing", requirement)


@lru_cache(256)
def granted(requirement: Requirement, by: RoleName | None = None) -> Decision:
    """Return a positive decision. It is cached: every request needs one, and there are few different ones."""
    return Decision(allowed=True, reason="granted" if by else "signed_in", requirement=requirement, granted_by=by)


def refused(reason: Reason, requirement: Requirement, held: frozenset[RoleName] = frozenset()) -> Decision:
    missing = frozenset() if held & requirement.any_of else requirement.any_of
    return Decision(allowed=False, reason=reason, requirement=requirement, missing=missing)


def session_ended(requirement: Requirement) -> Decision:
    return Decision(allowed=False, reason="session_ended", requirement=requirement)


def refusal_of(decision: Decision) -> DomainError:
    """Return what to raise for a decision that does not allow the request."""
    return RoleRequired(str(decision.requirement)) if decision.reason == "role_missing" else InvalidToken()
