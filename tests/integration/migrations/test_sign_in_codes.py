"""The migration to codes of letters, with accounts that are there already."""

from doorward.domain.accounts.sign_in_code import CODE_LIFE, SignInCode, SignInCodeHash
from doorward.infrastructure.sql.schema import check_schema, migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_session, a_user
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import found, put, sessions_of
from support.length import MYSQL_IN_FULL
from support.sql_by_hand import Sql

BEFORE = "0005"


@MYSQL_IN_FULL
async def test_accounts_and_sessions_stay_when_codes_come_and_go(url: DatabaseUrl, sql: Sql) -> None:
    ada = a_user()
    mine = a_session(ada)
    await migrate(url)
    storage = SqlStorage.open(url)
    code = SignInCode(user_id=ada.id, hash=SignInCodeHash(bytes(32)), expires_at=NOON + CODE_LIFE)
    await put(storage, ada, mine, code)
    await migrate(url, BEFORE)
    assert sql("SELECT count(*) FROM sessions") == [(1,)]
    await migrate(url)
    await check_schema(url)
    assert await found(storage, ada.id) == ada
    assert await sessions_of(storage, ada) == [mine.id]
    assert sql("SELECT count(*) FROM sign_in_codes") == [(0,)]
    await storage.close()


@MYSQL_IN_FULL
async def test_the_migration_is_taken_up_where_it_was_cut_off(url: DatabaseUrl, sql: Sql) -> None:
    ada = a_user()
    await migrate(url)
    sql(f"UPDATE doorward_version SET version_num = '{BEFORE}'")
    await migrate(url)
    await check_schema(url)
    storage = SqlStorage.open(url)
    await put(storage, ada)
    await put(storage, SignInCode(user_id=ada.id, hash=SignInCodeHash(bytes(32)), expires_at=NOON + CODE_LIFE))
    await storage.close()
