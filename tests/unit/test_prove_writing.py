"""Whether a node could write to the database when it last tried, and what the log has about it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from doorward.application.ports.security_events import SecurityEvent
from doorward.application.prove_writing import ProveWriting
from doorward.application.report_unavailable import ReportUnavailable
from doorward.domain.errors import (
    HashingBusy,
    StorageBusy,
    StorageUnavailable,
    TransactionConflict,
    Unavailable,
)
from doorward.infrastructure.memory.storage import MemoryStorage, MemoryTransaction
from doorward.testing.doubles import FrozenClock, ListLog

UNWRITABLE, WRITABLE = SecurityEvent.DATABASE_UNWRITABLE, SecurityEvent.DATABASE_WRITABLE


class FailingStorage(MemoryStorage):
    """Raises an error at the end of each transaction, if there is one."""

    error: Exception | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        async with super().transaction() as tx:
            yield tx
            if self.error is not None:
                raise self.error


@dataclass(frozen=True, slots=True)
class Scene:
    storage: FailingStorage = field(default_factory=FailingStorage)
    log: ListLog = field(default_factory=ListLog)

    def prove_writing(self) -> ProveWriting:
        return ProveWriting(self.storage, FrozenClock(), self.log)


async def test_a_proof_writes_and_leaves_nothing_behind() -> None:
    scene = Scene()
    prove_writing = scene.prove_writing()
    assert prove_writing.failure == "no_recent_write"
    await prove_writing.once()
    assert prove_writing.failure is None
    assert scene.storage.database.tables.leases == {}
    assert scene.log.events == []


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (StorageUnavailable(cause="OperationalError 1290 in leases.ADD"), "OperationalError 1290 in leases.ADD"),
        (TransactionConflict(cause="OperationalError 1213 in leases.ADD"), "OperationalError 1213 in leases.ADD"),
        (ZeroDivisionError(), "ZeroDivisionError"),
    ],
)
async def test_a_failure_is_logged_once_and_so_is_its_end(error: Exception, cause: str) -> None:
    """OP-09."""
    scene = Scene()
    prove_writing = scene.prove_writing()
    scene.storage.error = error
    for _ in range(3):
        await prove_writing.once()
        assert prove_writing.failure == cause
    scene.storage.error = None
    for _ in range(3):
        await prove_writing.once()
        assert prove_writing.failure is None
    assert scene.log.events == [(UNWRITABLE, {"cause": cause}), (WRITABLE, {})]


async def test_a_node_whose_connections_are_all_in_use_can_write_all_the_same() -> None:
    scene = Scene()
    prove_writing = scene.prove_writing()
    await prove_writing.once()
    scene.storage.error = StorageBusy(cause="too_many_wait_for_a_connection")
    await prove_writing.once()
    assert prove_writing.failure is None
    assert scene.log.events == []


@pytest.mark.parametrize(
    ("refusal", "is_proven_anew"),
    [
        (StorageUnavailable(cause="OperationalError 1290 in sessions.ADD"), True),
        (TransactionConflict(cause="OperationalError 1213 in sessions.ADD"), True),
        (HashingBusy(cause="queue_full"), False),
    ],
)
async def test_a_request_that_the_database_failed_makes_the_node_prove_it_again(
    refusal: Unavailable, is_proven_anew: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OP-09: nobody has to wait for the next regular proof."""
    monkeypatch.setattr("doorward.application.prove_writing.RETRY_SECONDS", 0)
    scene = Scene()
    prove_writing = scene.prove_writing()
    running = asyncio.create_task(prove_writing.run())
    try:
        await iterate()
        assert prove_writing.failure == "no_recent_write"
        ReportUnavailable(prove_writing, scene.log)(refusal)
        await iterate()
        assert (prove_writing.failure is None) == is_proven_anew
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    line = {"reason": refusal.code, "cause": refusal.cause, "trace": None}
    assert scene.log.events == [(SecurityEvent.SERVICE_UNAVAILABLE, line)]


async def iterate(times: int = 50) -> None:
    for _ in range(times):
        await asyncio.sleep(0)
