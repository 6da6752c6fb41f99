"""What an entry of the audit log costs a transaction that holds the account anyway, such as a sign-in."""

from pathlib import Path

import pytest

from doorward.application.ports.audit import AuditEntry
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.audit.source import Source
from doorward.infrastructure.sql.connection import SqlConnection
from doorward.infrastructure.sql.statement_names import name_of
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_session, a_user
from support.made_tables import make_tables
from support.storage_access import put


async def test_an_entry_of_a_locked_account_costs_one_insert_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = DatabaseUrl.parse(f"sqlite:///{tmp_path / 'doorward.db'}")
    make_tables(url)
    storage, ada, ran = SqlStorage.open(url), a_user(), list[str]()
    await put(storage, ada)
    source = Source.of_account(ada.id, a_session(ada).id, "192.0.2.7")
    plain = SqlConnection._run  # noqa: SLF001 every statement passes it

    async def run(self: SqlConnection, work: object, statement: object) -> object:
        ran.append(name_of(statement))  # type: ignore[arg-type]
        return await plain(self, work, statement)  # type: ignore[arg-type]

    monkeypatch.setattr(SqlConnection, "_run", run)
    for expected in (["users.LOCKED", "audit.ADD_STREAM", "audit.ADD"], ["users.LOCKED", "audit.ADD"]):
        ran.clear()
        async with storage.transaction() as tx:
            await tx.users.lock(ada.id)
            await tx.audit.append(AuditEntry(event=SecurityEvent.AUTHN_LOGIN_SUCCESS, by=source, account=ada.id))
        assert [name for name in ran if name not in {"begin", "commit"}] == expected
    await storage.close()
