"""The audit log: how long entries are kept, and the use cases that read it."""

from datetime import timedelta
from typing import final

from dishka import Provider, Scope, provide

from doorward.application.accounts.export_own_data import ExportOwnData
from doorward.application.audit.export_audit import ExportAudit
from doorward.application.audit.list_audit import ListAudit
from doorward.application.audit.prune_audit import PruneAudit
from doorward.domain.audit.retention import AuditRetention
from doorward.infrastructure.settings.settings import Settings

AUDIT = (ListAudit, ExportAudit, PruneAudit, ExportOwnData)
"""The use cases of the audit log, and of what people are told about their own data."""


@final
class AuditProvider(Provider):
    scope = Scope.APP

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    @provide
    def retention(self) -> AuditRetention:
        days = self.settings.audit_days
        return AuditRetention(timedelta(days=days) if days else None)
