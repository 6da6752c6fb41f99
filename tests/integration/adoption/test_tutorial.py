"""The tutorial's own MySQL, with the tables that Sequelize made and the hashes of bcryptjs."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from doorward.infrastructure.adoption.source_database import open_source_database
from doorward.infrastructure.settings.start_refused import StartRefused
from support.adoption import Install
from support.sql_by_hand import Sql, sql_on
from support.tutorial_tables import content

MADE_BY_SEQUELIZE = Path(__file__).parent / "made_by" / "tutorial.sql"
PASSWORDS = {
    "ada": "violet harbour kettle",
    "john_doe": "securePassword123",
    "J\u00f6rg M\u00fcller": "sechs6",
    "eve@example.org": "12345678",
    "noaddress": "violet harbour kettle",
    "wrong": "violet harbour kettle",
    "ab": "p\u00e4ssw\u00f6rter",
}


@pytest.fixture
def tutorial(mysql_url: str) -> str:
    """The URL of a database that the tutorial's stack has made and filled."""
    statements = MADE_BY_SEQUELIZE.read_text("utf-8").split(";\n")
    sql_on(mysql_url)(*(statement for statement in statements if statement.strip()))
    return mysql_url


async def test_everybody_signs_in_with_the_password_that_they_have(install: Install, tutorial: str) -> None:
    """Short ones, too: the rules for passwords are for new ones."""
    house = await install()
    report = await house.adopted("tutorial", tutorial)
    assert (report.total, report.adopted, report.refused) == (7, 7, [])
    users = {login: await house.sign_in(login, password) for login, password in PASSWORDS.items()}
    assert {login: user.external_id for login, user in users.items()} == {
        login: str(number) for number, login in enumerate(PASSWORDS, 1)
    }
    assert {login: sorted(user.roles) for login, user in users.items() if len(user.roles) > 1} == {
        "ada": ["admin", "user"],
        "eve@example.org": ["moderator", "user"],
    }
    assert (users["ada"].created_at.isoformat(), report.admins) == ("2024-05-01T12:00:00+00:00", ["ada"])
    assert [users[login].username.value for login in ("J\u00f6rg M\u00fcller", "eve@example.org", "ab")] == [
        "jorg-muller",
        "eve",
        "user-7",
    ]
    assert sorted(report.without_address) == ["noaddress", "wrong"]


async def test_it_comes_from_the_database_that_doorward_has_tables_in_and_nothing_there_changes(
    install: Install, tutorial: str
) -> None:
    sql = sql_on(tutorial)
    before = content(sql, "users", "roles", "user_roles")
    house = await install(database_url=tutorial, table_prefix="doorward_")
    assert (await house.adopted("tutorial", house.url, dry_run=True)).coming == 7
    assert sql("SELECT count(*) FROM doorward_users") == [(0,)]
    assert (await house.adopted("tutorial", house.url)).adopted == 7
    assert content(sql, "users", "roles", "user_roles") == before
    sql(
        "INSERT INTO users VALUES (8, 'late', NULL, '$2a$08$mjM8RXrXTWDoAFrtwmp7nehXn.Z7X0yfmWtkyxb6J3fvbz2At5Uvy', "
        "'2024-05-01 12:00:00', '2024-05-01 12:00:00')"
    )
    report = await house.adopted("tutorial", house.url)
    assert (report.already, report.adopted) == (7, 1)
    await house.sign_in("late", "violet harbour kettle")


@pytest.mark.parametrize("statement", ["DELETE FROM users", "CREATE TABLE other (id INTEGER)"])
async def test_the_source_is_read_only(tutorial: str, tmp_path: Path, statement: str) -> None:
    file = f"sqlite:///{tmp_path / 'tutorial.db'}"
    sql_on(file)("CREATE TABLE users (id INTEGER PRIMARY KEY)")

    def write(connection: Connection) -> None:
        connection.execute(text(statement))

    for url in (tutorial, file):
        async with open_source_database(url) as database:
            with pytest.raises(StartRefused, match=r"cannot be read \(.*(READ ONLY|readonly)"):
                await database.run(write)


async def test_relatives_of_the_tutorial_spell_their_columns_and_roles_otherwise(
    install: Install, tmp_path: Path
) -> None:
    """As Spring makes them."""
    sql: Sql = sql_on(f"sqlite:///{tmp_path / 'spring.db'}")
    sql(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, email TEXT, password TEXT)",
        "CREATE TABLE roles (id INTEGER PRIMARY KEY, name TEXT)",
        "CREATE TABLE user_roles (user_id INTEGER, role_id INTEGER)",
        "INSERT INTO users VALUES (7, 'ada', 'ada@example.org', "
        "'$2a$08$mjM8RXrXTWDoAFrtwmp7nehXn.Z7X0yfmWtkyxb6J3fvbz2At5Uvy')",
        "INSERT INTO roles VALUES (1, 'ROLE_USER'), (2, 'ROLE_MODERATOR')",
        "INSERT INTO user_roles VALUES (7, 1), (7, 2)",
    )
    house = await install()
    assert (await house.adopted("tutorial", f"sqlite:///{tmp_path / 'spring.db'}")).adopted == 1
    assert sorted((await house.sign_in("ada", "violet harbour kettle")).roles) == ["moderator", "user"]


async def test_many_accounts_come_part_by_part(install: Install, tmp_path: Path) -> None:
    sql = sql_on(f"sqlite:///{tmp_path / 'many.db'}")
    sql(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, email TEXT, password TEXT, createdAt TEXT)",
        "CREATE TABLE roles (id INTEGER PRIMARY KEY, name TEXT)",
        "CREATE TABLE user_roles (userId INTEGER, roleId INTEGER)",
        "INSERT INTO roles VALUES (1, 'user'), (2, 'moderator')",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) INSERT INTO users SELECT i, "
        "'user-' || i, 'user-' || i || '@example.org', '$2a$08$mjM8RXrXTWDoAFrtwmp7nehXn.Z7X0yfmWtkyxb6J3fvbz2At5Uvy', "
        "'2024-05-01 12:00:00.000 +00:00' FROM n",
        "INSERT INTO user_roles SELECT id, 2 FROM users WHERE id % 2",
    )
    house = await install()
    report = await house.adopted("tutorial", f"sqlite:///{tmp_path / 'many.db'}")
    assert (report.total, report.adopted) == (1500, 1500)
    last = await house.user("user-1499")
    assert (last.external_id, last.address, sorted(last.roles)) == (
        "1499",
        "user-1499@example.org",
        ["moderator", "user"],
    )


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///{folder}/none.db", r"There is no file .*none\.db"),
        ("sqlite:///{folder}/empty.db", r"has no table users"),
        ("sqlite:///{folder}/other.db", r"The table users of .* has no column username"),
        ("sqlite:///{folder}/text.db", r"cannot be read \(file is not a database\)"),
        ("mysql://ada:hunter2@127.0.0.1:9/testdb", r"mysql://ada:\*\*\*@127\.0\.0\.1:9/testdb.* cannot be read"),
        ("postgresql://ada:hunter2@127.0.0.1:9/db", r"postgresql://ada:\*\*\*@127\.0\.0\.1:9/db cannot be read"),
        ("postgresql://127.0.0.1/db", "must name user, host and database"),
        ("mongodb://127.0.0.1/db", "are not supported"),
    ],
)
async def test_a_database_that_is_not_the_tutorials_is_named(
    install: Install, tmp_path: Path, url: str, said: str
) -> None:
    (tmp_path / "empty.db").touch()
    sql_on(f"sqlite:///{tmp_path / 'other.db'}")("CREATE TABLE users (id INTEGER)")
    (tmp_path / "text.db").write_text("This is a letter, not a database. " * 100)
    house = await install()
    with pytest.raises(StartRefused, match=said) as refused:
        await house.adopted("tutorial", url.format(folder=tmp_path))
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)
