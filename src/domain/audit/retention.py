from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class AuditRetention:
    period: timedelta | None
    """How long audit entries are kept; None means for ever."""
