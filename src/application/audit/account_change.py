from dataclasses import replace
from typing import Final

from doorward.application.audit.personal_values import is_no_secret, personal_values
from doorward.application.ports.audit import AuditEntry, Details
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import Actor
from doorward.domain.accounts.profile import Profile
from doorward.domain.accounts.user import User
from doorward.domain.audit.source import Source

BOOKKEEPING: Final = frozenset({"id", "epoch", "version"})
"""Fields that change with others and tell nothing by themselves."""


def account_values(user: User) -> Details:
    """Return the values of an account that stand in the audit log: all but the secret ones."""
    return {name: value for name, value in personal_values(user, is_no_secret).items() if name not in BOOKKEEPING}


def account_created(user: User, by: Actor | Source) -> AuditEntry:
    return AuditEntry(event=SecurityEvent.USER_CREATED, by=by, account=user.id, after=account_values(user))


def account_deleted(user: User, by: Actor | Source) -> AuditEntry:
    return AuditEntry(event=SecurityEvent.USER_DELETED, by=by, account=user.id, before=account_values(user))


def account_changed(
    before: User, after: User, by: Actor | Source, event: SecurityEvent = SecurityEvent.USER_UPDATED
) -> AuditEntry:
    """Return the entry of a change, with the values that differ."""
    old, new = account_values(before), account_values(after)
    changed = [name for name in new if new[name] != old[name]]
    return AuditEntry(
        event=event,
        by=by,
        account=after.id,
        before={name: old[name] for name in changed},
        after={name: new[name] for name in changed},
    )


def password_changed(user: User, by: Actor | Source, ended_sessions: int) -> AuditEntry:
    """Return the entry of a new password. It says that there is one, and no more."""
    event, after = SecurityEvent.AUTHN_PASSWORD_CHANGE, {"endedSessions": ended_sessions}
    return AuditEntry(event=event, by=by, account=user.id, after=after)


def with_profile(entry: AuditEntry, before: Profile | None, after: Profile | None) -> AuditEntry:
    """Return the entry of a change of which a new profile is a part."""
    return replace(
        entry,
        before={**entry.before, "profile": before.members if before else None},
        after={**entry.after, "profile": after.members if after else None},
    )
