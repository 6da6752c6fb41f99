"""What an entry of the audit log costs a transaction that holds the account anyway, such as a sign-in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.audit.source import Source
from doorward.infrastructure.sql.statement_names import name_of
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_session, a_user
from doorward.testing.storage_access import put
from support.made_tables import make_tables


@contextmanager
def statements_recorded() -> Iterator[list[str]]:
    """Provide the names of the statements that run in the block."""
    ran: list[str] = []

    def record(_: object, statement: Any, *__: object) -> None:
        ran.append(name_of(statement))

    event.listen(Engine, "before_execute", record)
    try:
        yield ran
    finally:
        event.remove(Engine, "before_execute", record)


async def test_an_entry_of_a_locked_account_costs_one_insert_and_nothing_else(tmp_path: Path) -> None:
    url = DatabaseUrl.parse(f"sqlite:///{tmp_path / 'doorward.db'}")
    make_tables(url)
    storage, ada = SqlStorage.open(url), a_user()
    await put(storage, ada)
    source = Source.of_account(ada.id, a_session(ada).id, "192.0.2.7")
    for expected in (["users.LOCKED", "audit.ADD_STREAM", "audit.ADD"], ["users.LOCKED", "audit.ADD"]):
        with statements_recorded() as ran:
            async with storage.transaction() as tx:
                await tx.users.lock(ada.id)
                await tx.audit.append(AuditEntry(event=SecurityEvent.AUTHN_LOGIN_SUCCESS, by=source, account=ada.id))
        assert ran == expected
    await storage.close()
