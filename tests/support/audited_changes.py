"""Which changes leave an entry in the audit log, and a watch over the storage in memory that requires it."""

import inspect
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import pytest

from doorward.infrastructure.memory.storage import MemoryStorage, MemoryTransaction
from doorward.infrastructure.memory.tables import Tables

APPLICATION = "doorward.application."
REPEATING = frozenset({"transactions", "batches"})
"""Modules that run the transactions of others."""

BETWEEN = (__name__, "contextlib", "doorward.infrastructure.")
"""Modules between the storage and whoever uses it."""

UNAUDITED: Mapping[str, str] = {
    "accounts.prune_deleted_users.__call__": "the deletion has its entry already",
    "accounts.authenticate._rehash": "the password is the same",
    "accounts.confirm_password._clear": "only counts of attempts change",
    "accounts.count_attempt._add": "only counts of attempts change",
    "accounts.count_attempt._count": "only counts of attempts change",
    "accounts.request_email_change._order": "the address changes when the link is used",
    "accounts.resend_email_verification._order": "only letters change",
    "accounts.start_password_reset._order": "the password changes when the link is used",
    "letters.order_letter.order_letter": "only letters change",
    "batches.batch": "what is pruned has ended before: sessions that expired, counts, letters, entries",
    "change_feed.heartbeat._beat": "only the heartbeat changes",
    "nodes.report_node._report": "only the list of nodes changes",
    "nodes.report_node._remove": "only the list of nodes changes",
    "nodes.prune_nodes.__call__": "only the list of nodes changes",
    "nodes.agree_on_settings._agree": "replace_agreed appends it; what a first start finds is no change",
    "nodes.adopt_settings._adopt": "replace_agreed appends it",
    "letters.letter_sender._claim": "only letters and the tokens of their links change",
    "letters.letter_sender._save": "only letters change",
    "letters.letter_sender._take_lease": "only leases change",
    "letters.letter_sender._give_up_lease": "only leases change",
    "letters.retry_letter.__call__": "only letters change",
    "maintenance._take_lease": "only leases change",
    "prove_writing._write": "only leases change",
    "sessions.prune_sessions.__call__": "sessions that expired have ended before",
}
"""The functions that open a transaction and append no entry, each with its reason."""


def changes(before: Tables, after: Tables) -> list[str]:
    """Return which of the audited data differ. Of sessions, only their beginning and end count."""
    kinds = ("users", "roles", "services", "keys")
    changed = [kind for kind in kinds if getattr(before, kind) != getattr(after, kind)]
    return changed + (["sessions"] if before.sessions.keys() != after.sessions.keys() else [])


def running_use_case() -> str | None:
    """Return the function of the application whose transaction ends, or None if it is one of a test."""
    frame = inspect.currentframe()
    while frame is not None:
        module = str(frame.f_globals["__name__"])
        name = module.removeprefix(APPLICATION)
        if name != module and name not in REPEATING:
            return f"{name}.{frame.f_code.co_name}"
        if name == module and not module.startswith(BETWEEN):
            return None
        frame = frame.f_back
    return None


def require_audited(before: Tables, after: Tables) -> None:
    changed, use_case = changes(before, after), running_use_case()
    if changed and use_case is not None and use_case not in UNAUDITED:
        grew = len(after.audit_entries) > len(before.audit_entries)
        assert grew, f"{use_case} changed {', '.join(changed)} and left no entry in the audit log"


@contextmanager
def watched() -> Iterator[None]:
    """Fail in each transaction of a use case, on storage in memory, that changes something and leaves no entry."""
    plain = MemoryStorage.transaction

    @asynccontextmanager
    async def transaction(self: MemoryStorage) -> AsyncIterator[MemoryTransaction]:
        async with plain(self) as tx:
            before = self.database.tables
            yield tx
            require_audited(before, tx.tables)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryStorage, "transaction", transaction)
        yield
