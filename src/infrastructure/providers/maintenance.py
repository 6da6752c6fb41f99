"""What the maintenance does. One more kind of work is one more entry here."""

from typing import final

from dishka import Provider, Scope, provide

from doorward.application.accounts.prune_attempts import PruneAttempts
from doorward.application.accounts.prune_deleted_users import PruneDeletedUsers
from doorward.application.audit.prune_audit import PruneAudit
from doorward.application.change_feed.prune_changes import PruneChanges
from doorward.application.check_readiness import CheckReadiness
from doorward.application.keys.maintain_signing_keys import MaintainSigningKeys
from doorward.application.letters.prune_letters import PruneLetters
from doorward.application.maintenance import Maintenance, RecurringWork
from doorward.application.nodes.prune_nodes import PruneNodes
from doorward.application.prove_writing import ProveWriting
from doorward.application.report_unavailable import ReportUnavailable
from doorward.application.sessions.prune_sessions import PruneSessions

OPERATIONS = (CheckReadiness, Maintenance, ProveWriting, ReportUnavailable)
"""The use cases of operation."""


@final
class MaintenanceProvider(Provider):
    scope = Scope.APP

    @provide
    def recurring_work(  # noqa: PLR0913, PLR0917 one for each kind of work
        self,
        keys: MaintainSigningKeys,
        sessions: PruneSessions,
        attempts: PruneAttempts,
        letters: PruneLetters,
        audit: PruneAudit,
        deleted: PruneDeletedUsers,
        changes: PruneChanges,
        nodes: PruneNodes,
    ) -> RecurringWork:
        return RecurringWork(
            {
                "rotate_keys": keys,
                "prune_sessions": sessions,
                "prune_attempts": attempts,
                "prune_letters": letters,
                "prune_audit": audit,
                "prune_deleted_users": deleted,
                "prune_changes": changes,
                "prune_nodes": nodes,
            }
        )
