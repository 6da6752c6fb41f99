"""fastapi-users and better-auth, as they made and filled their tables, and the documented table of Supabase."""

from pathlib import Path

import pytest

from doorward.domain.access.actor import OPERATOR
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidCredentials
from doorward.infrastructure.adoption.source_database import SourceDatabase, open_source_database
from doorward.infrastructure.adoption.supabase import SupabaseSource
from support.adoption import Install, Installation
from support.sql_by_hand import Sql, sql_on

MADE_BY = Path(__file__).parent / "made_by"
HASH = "$2a$08$mjM8RXrXTWDoAFrtwmp7nehXn.Z7X0yfmWtkyxb6J3fvbz2At5Uvy"
AUTH_USERS = (
    "CREATE TABLE users (instance_id TEXT, id TEXT PRIMARY KEY, aud TEXT, role TEXT, email TEXT, "
    "encrypted_password TEXT, email_confirmed_at TEXT, raw_app_meta_data TEXT, raw_user_meta_data TEXT, "
    "created_at TEXT, updated_at TEXT, phone TEXT, banned_until TEXT, deleted_at TEXT, is_sso_user INTEGER, "
    "is_anonymous INTEGER)"
)


def fill(url: str, system: str) -> str:
    statements = (MADE_BY / f"{system}.sql").read_text("utf-8").split(";\n")
    sql_on(url)(*(statement for statement in statements if statement.strip()))
    return url


def roles(user: User) -> str:
    return " ".join(sorted(user.roles))


async def refuses(house: Installation, login: str, password: str) -> None:
    assert not (await house.user(login)).is_enabled_at(house.now)
    with pytest.raises(InvalidCredentials):
        await house.authenticate(login, password, house.now)


async def test_everybody_of_fastapi_users_signs_in_with_the_address(install: Install, tmp_path: Path) -> None:
    """By Argon2 and by bcrypt. Two addresses with the same beginning get different usernames."""
    house = await install()
    report = await house.adopted("fastapi-users", fill(f"sqlite:///{tmp_path / 'users.db'}", "fastapi_users"))
    assert (report.total, report.adopted, report.refused, report.renamed) == (4, 4, [], [])
    ada = await house.sign_in("ada@example.org", "violet harbour kettle")
    other = await house.sign_in("ada@example.com", "p\u00e4ssw\u00f6rter")
    grace = await house.sign_in("grace@example.org", "short")
    assert [each.username.value for each in (ada, grace, other)] == ["ada", "grace", "ada-2"]
    assert [roles(each) for each in (ada, grace)] == ["admin user", "user"]
    assert ada.email_verified
    assert ada.external_id == "9482a854-2a00-4c70-a99e-ca60a945c401"
    await refuses(house, "off@example.org", "violet harbour kettle")


async def test_everybody_of_better_auth_signs_in_with_the_name_and_the_address(
    install: Install, mysql_url: str
) -> None:
    house = await install()
    report = await house.adopted("better-auth", fill(mysql_url, "better_auth"))
    assert (report.total, report.adopted, report.new_roles) == (5, 4, ["editor"])
    assert [refused.shown for refused in report.refused] == ["social@example.org"]
    ada = await house.sign_in("ada", "violet harbour kettle")
    grace = await house.sign_in("grace@example.org", "short6")
    blaise = await house.sign_in("Blaise_P", "p\u00e4ssw\u00f6rter")
    assert [roles(each) for each in (ada, grace, blaise)] == ["admin editor user", "user", "user"]
    assert not ada.email_verified
    assert [each.username.value for each in (ada, grace, blaise)] == ["ada", "grace", "blaise_p"]
    assert (ada.created_at.isoformat(), report.admins) == ("2024-05-01T12:00:00+00:00", ["ada"])
    await refuses(house, "offline", "violet harbour kettle")


async def test_better_auth_without_its_plugins_has_addresses_only(install: Install, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'better.db'}"
    sql: Sql = sql_on(url)
    sql(
        'CREATE TABLE "user" (id TEXT PRIMARY KEY, name TEXT, email TEXT, emailVerified INTEGER, createdAt TEXT)',
        "CREATE TABLE account (id TEXT PRIMARY KEY, providerId TEXT, userId TEXT, password TEXT)",
        "INSERT INTO \"user\" VALUES ('u1', 'Ada', 'ada@example.org', 1, '2024-05-01T12:00:00.000Z')",
        f"INSERT INTO account VALUES ('a1', 'credential', 'u1', '{HASH}'), ('a2', 'github', 'u1', NULL)",
    )
    house = await install()
    assert (await house.adopted("better-auth", url)).adopted == 1
    ada = await house.sign_in("ada@example.org", "violet harbour kettle")
    assert (ada.external_id, ada.email_verified) == ("u1", True)


async def test_everybody_of_supabase_signs_in_with_the_address(install: Install, tmp_path: Path) -> None:
    """The documented columns, on SQLite with a schema of that name."""
    auth = tmp_path / "auth.db"
    rows = {
        "u1": f"'ada@example.org', '{HASH}', NULL, NULL",
        "u2": "'social@example.org', '', NULL, NULL",
        "u3": f"'banned@example.org', '{HASH}', '2999-01-01 00:00:00+00', NULL",
        "u4": f"'gone@example.org', '{HASH}', NULL, '2024-05-02 12:00:00+00'",
        "u5": "NULL, NULL, NULL, NULL",
    }
    sql_on(f"sqlite:///{auth}")(
        AUTH_USERS,
        *(
            "INSERT INTO users (id, created_at, email, encrypted_password, banned_until, deleted_at) VALUES "
            f"('{key}', '2024-05-01 12:00:00.5+00', {values})"
            for key, values in rows.items()
        ),
    )
    sql_on(f"sqlite:///{tmp_path / 'main.db'}")("CREATE TABLE other (id INTEGER)")
    house = await install()
    async with open_source_database(f"sqlite:///{tmp_path / 'main.db'}") as database:
        await attach(database, auth)
        source = await SupabaseSource.open(database, "supabase")
        report = await house.adopt(source, {}, house.now, by=OPERATOR)
    assert (report.total, report.adopted) == (4, 2)
    assert sorted(refused.external_id for refused in report.refused) == ["u2", "u5"]
    ada = await house.sign_in("ada@example.org", "violet harbour kettle")
    assert (ada.username.value, ada.created_at.isoformat()) == ("ada", "2024-05-01T12:00:00.500000+00:00")
    await refuses(house, "banned@example.org", "violet harbour kettle")


async def attach(database: SourceDatabase, file: Path) -> None:
    await database.run(lambda connection: connection.exec_driver_sql(f"ATTACH DATABASE '{file}' AS auth"))
