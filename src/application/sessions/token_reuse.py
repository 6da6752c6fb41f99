from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.audit.source import Source
from doorward.domain.sessions.session import Session


def token_reused(session: Session, by: Source) -> AuditEntry:
    """Return the entry of a session that ends since its refresh token was used twice. `by` is who used it last."""
    event, before = SecurityEvent.AUTHN_TOKEN_REUSE, {"session": str(session.id)}
    return AuditEntry(event=event, by=by, account=session.user_id, before=before)
