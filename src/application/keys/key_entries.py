from doorward.application.ports.audit import AuditEntry, Details
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import Actor
from doorward.domain.audit.source import Source
from doorward.domain.keys.signing_key import SigningKey


def key_values(key: SigningKey) -> Details:
    """Return the values of a signing key that stand in the audit log: nothing of the key itself."""
    return {"kid": key.kid, "algorithm": key.algorithm, "signsFrom": key.signs_from.isoformat()}


def key_added(key: SigningKey, by: Actor | Source) -> AuditEntry:
    return AuditEntry(event=SecurityEvent.SIGNING_KEY_ADDED, by=by, after=key_values(key))


def key_removed(key: SigningKey, by: Actor | Source, event: SecurityEvent) -> AuditEntry:
    return AuditEntry(event=event, by=by, before=key_values(key))
