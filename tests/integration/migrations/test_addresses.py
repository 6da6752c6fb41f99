"""The migrations to verified addresses and to their change, with accounts and tokens that are there already."""

from dataclasses import replace

from doorward.domain.letters.link_token import LinkPurpose, LinkToken, LinkTokenHash
from doorward.domain.letters.undo_link import UNDO_LIFE, UndoLink
from doorward.infrastructure.sql.schema import check_schema, migrate
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_user, email_of
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import found, put
from support.length import MYSQL_IN_FULL
from support.sql_by_hand import Sql, put_in_first_revision

ADA, BOB, EVE = a_user("ada"), a_user("bob"), a_user("eve").verified(NOON)
RESET = LinkToken.issued(LinkTokenHash(bytes(32)), LinkPurpose.PASSWORD_RESET, EVE, NOON)
UNDO = UndoLink(hash=LinkTokenHash(b"1" * 32), user_id=EVE.id, address=email_of(EVE), expires_at=NOON + UNDO_LIFE)


@MYSQL_IN_FULL
async def test_no_address_is_verified_because_of_a_migration_and_tokens_stay(url: DatabaseUrl, sql: Sql) -> None:
    """VF-01: nor by a version before it, which adds accounts while nodes are replaced. Up, down and up again."""
    await migrate(url, "0009")
    put_in_first_revision(sql, ADA)
    await migrate(url)
    put_in_first_revision(sql, BOB)
    storage = SqlStorage.open(url)
    await put(storage, EVE, RESET, UNDO)
    assert [await found(storage, user.id) for user in (ADA, BOB, EVE)] == [ADA, BOB, EVE]
    await migrate(url, "0009")
    await migrate(url)
    await check_schema(url)
    assert await found(storage, EVE.id) == replace(EVE, email_verified_at=None)
    async with storage.reading() as reading:
        assert await reading.link_tokens.find(RESET.hash) == RESET
        assert await reading.undo_links.find(UNDO.hash) is None
    await storage.close()


@MYSQL_IN_FULL
async def test_the_migration_to_another_address_is_taken_up_where_it_was_cut_off(url: DatabaseUrl, sql: Sql) -> None:
    await migrate(url)
    sql("DROP TABLE undo_links", "UPDATE doorward_version SET version_num = '0010'")
    await migrate(url)
    await check_schema(url)
