from dataclasses import dataclass
from typing import final

from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.prove_writing import ProveWriting
from doorward.domain.errors import StorageUnavailable, TransactionConflict, Unavailable


@final
@dataclass(frozen=True, slots=True)
class ReportUnavailable:
    """Records why a request is answered with 503. If the database is the reason, writing to it must be proven again."""

    prove_writing: ProveWriting
    log: SecurityLog

    def __call__(self, refusal: Unavailable) -> None:
        self.log.record(
            SecurityEvent.SERVICE_UNAVAILABLE, reason=refusal.code, cause=refusal.cause, trace=refusal.trace or None
        )
        if isinstance(refusal, StorageUnavailable | TransactionConflict):
            self.prove_writing.prove_soon()
