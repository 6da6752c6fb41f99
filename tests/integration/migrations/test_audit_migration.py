"""The audit log comes and goes with data in the tables."""

import pytest

from doorward.application.ports.audit import AuditEntry, AuditQuery
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.actor import OPERATOR
from doorward.infrastructure.sql.schema import check_schema, migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_session, a_user
from doorward.testing.storage_access import found, put, sessions_of
from support.length import MYSQL_IN_FULL
from support.sql_by_hand import Sql, put_in_first_revision

BEFORE = "0013"


@MYSQL_IN_FULL
async def test_accounts_stay_when_the_audit_log_comes_and_goes(url: DatabaseUrl, sql: Sql) -> None:
    ada = a_user()
    mine = a_session(ada)
    await migrate(url, BEFORE)
    put_in_first_revision(sql, ada)
    storage = SqlStorage.open(url)
    await put(storage, mine)
    await migrate(url)
    for number in (1, 2):
        async with storage.transaction() as tx:
            assert await tx.users.lock(ada.id) == ada
            event = SecurityEvent.SESSIONS_ENDED
            await tx.audit.append(AuditEntry(event=event, by=OPERATOR, account=ada.id, after={"n": number}))
    async with storage.reading() as reading:
        page = await reading.audit.page(AuditQuery(account=ada.id), None, 10)
    assert [record.after for record in page] == [{"n": 2}, {"n": 1}]
    await migrate(url, BEFORE)
    assert sql("SELECT count(*) FROM sessions") == [(1,)]
    await migrate(url)
    await check_schema(url)
    assert await found(storage, ada.id) == ada
    assert await sessions_of(storage, ada) == [mine.id]
    assert sql("SELECT count(*) FROM audit_entries") == [(0,)]
    await storage.close()


@pytest.mark.parametrize("lost", [["audit_entries", "audit_streams"], ["audit_entries"]])
@MYSQL_IN_FULL
async def test_the_migration_to_the_audit_log_is_taken_up_where_it_was_cut_off(
    url: DatabaseUrl, sql: Sql, lost: list[str]
) -> None:
    await migrate(url)
    sql(*(f"DROP TABLE {name}" for name in lost), f"UPDATE doorward_version SET version_num = '{BEFORE}'")
    await migrate(url)
    await check_schema(url)


@MYSQL_IN_FULL
async def test_each_order_of_a_page_is_that_of_an_index(url: DatabaseUrl, sql: Sql) -> None:
    """AD-04: SQLite says how it reads."""
    if url.sqlite_path is None:
        pytest.skip("MySQL has the same indexes, and chooses them by what the tables contain")
    await migrate(url)
    for condition, order in {
        "stream = x'00' AND number < 9": "number",
        "actor = 'operator' AND id < x'ff'": "id",
        "event = 'user_created' AND id < x'ff'": "id",
        "id < x'ff'": "id",
    }.items():
        plan = sql(f"EXPLAIN QUERY PLAN SELECT * FROM audit_entries WHERE {condition} ORDER BY {order} DESC LIMIT 50")
        assert "SCAN" not in str(plan), plan
        assert "TEMP B-TREE" not in str(plan), plan
