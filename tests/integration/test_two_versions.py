"""Two versions of Doorward on one database, as while nodes are replaced one by one."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from doorward.domain.change_feed.change import Subject
from doorward.domain.letters.letter import Letter, LetterKind
from doorward.domain.letters.link_token import LinkPurpose, LinkToken, LinkTokenHash
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_user, email_of
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put
from support.made_tables import make_tables


async def test_what_a_newer_version_speaks_of_in_the_feed_makes_an_older_one_forget_rather_than_fail(
    tmp_path: Path,
) -> None:
    path = tmp_path / "doorward.db"
    url = DatabaseUrl.parse(f"sqlite:///{path}")
    make_tables(url)
    with closing(sqlite3.connect(path)) as newer, newer:
        newer.execute("INSERT INTO changes (subject) VALUES ('weather')")
    storage = SqlStorage.open(url)
    async with storage.reading() as reading:
        (row,) = await reading.changes.latest(1)
    await storage.close()
    assert row.change.subject is Subject.ROLES


async def test_tokens_and_languages_of_letters_that_only_a_newer_version_knows_are_no_error(tmp_path: Path) -> None:
    path, ada = tmp_path / "doorward.db", a_user("ada")
    url = DatabaseUrl.parse(f"sqlite:///{path}")
    make_tables(url)
    storage = SqlStorage.open(url)
    letter = Letter.to_holder(LetterKind.PASSWORD_CHANGED, ada, "de", NOON)
    token = LinkToken(
        hash=LinkTokenHash(bytes(32)),
        purpose=LinkPurpose.PASSWORD_RESET,
        user_id=ada.id,
        address_key=email_of(ada).key,
        expires_at=NOON,
    )
    await put(storage, ada, letter, token)
    with closing(sqlite3.connect(path)) as newer, newer:
        newer.execute("UPDATE link_tokens SET purpose = 'new_address'")
        newer.execute("UPDATE letters SET language = 'it'")
    async with storage.reading() as reading:
        assert await reading.link_tokens.find(token.hash) is None
        assert await reading.letters.due(NOON, 9) == [replace(letter, language=None)]
    await storage.close()
