"""Sources on a real PostgreSQL, which is read through pg8000."""

import shutil
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from doorward.infrastructure.adoption import postgresql as driver
from doorward.infrastructure.adoption.source_database import open_source_database
from doorward.infrastructure.settings.start_refused import StartRefused
from support.adoption import Install
from support.postgresql import postgresql, run_postgresql

HASH = "$2a$08$mjM8RXrXTWDoAFrtwmp7nehXn.Z7X0yfmWtkyxb6J3fvbz2At5Uvy"
PASSWORD_OF_HASH = "violet harbour kettle"
FIRST = "9482a854-2a00-4c70-a99e-ca60a945c401"
MAY = "'2024-05-01 14:00:00+02'"
TABLES = (
    "CREATE SCHEMA auth",
    "CREATE TABLE auth.users (id uuid PRIMARY KEY, email varchar(255), email_confirmed_at timestamptz, "
    "encrypted_password varchar(255), created_at timestamptz, banned_until timestamptz, deleted_at timestamptz)",
    f"INSERT INTO auth.users VALUES ('{FIRST}', 'ada@example.org', {MAY}, '{HASH}', {MAY}, NULL, NULL)",
    "INSERT INTO auth.users SELECT gen_random_uuid(), 'user' || n || '@example.org', NULL, "
    f"'{HASH}', now(), NULL, NULL FROM generate_series(1, 1100) AS n",
    'CREATE TABLE "user" (id text PRIMARY KEY, email text, "emailVerified" boolean, "createdAt" timestamptz, '
    "hashed_password text, is_active boolean, is_superuser boolean, is_verified boolean)",
    'CREATE TABLE account (id text, "userId" text, "providerId" text, password text)',
    f"INSERT INTO \"user\" VALUES ('u1', 'grace@example.org', false, {MAY}, '{HASH}', true, false, false)",
    f"INSERT INTO account VALUES ('a1', 'u1', 'credential', '{HASH}')",
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Its folder is one that another user can reach, since root may not run the server."""
    parent = Path(tempfile.mkdtemp())
    parent.chmod(0o755)
    with postgresql(parent / "postgresql") as url:
        run_postgresql(url, *TABLES)
        yield url
    shutil.rmtree(parent, ignore_errors=True)


@pytest.mark.full
@pytest.mark.parametrize(
    ("system", "total", "login"),
    [
        ("supabase", 1101, "ada@example.org"),
        ("better-auth", 1, "grace@example.org"),
        ("fastapi-users", 1, "grace@example.org"),
    ],
)
async def test_accounts_come_from_postgresql(
    install: Install, server: str, system: str, total: int, login: str
) -> None:
    house = await install()
    report = await house.adopted(system, server)
    assert (report.total, report.adopted) == (total, total)
    user = await house.sign_in(login, PASSWORD_OF_HASH)
    if system == "supabase":
        assert (user.external_id, user.created_at.isoformat()) == (FIRST, "2024-05-01T12:00:00+00:00")
    assert user.email_verified == (system == "supabase")


@pytest.mark.full
async def test_postgresql_is_only_read(server: str) -> None:
    def write(connection: Connection) -> None:
        connection.execute(text("DELETE FROM auth.users"))

    async with open_source_database(server) as database:
        with pytest.raises(StartRefused, match="read-only transaction"):
            await database.run(write)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://ada:x@127.0.0.1/db", None),
        ("postgresql://ada:x@db.example.com/db", (ssl.CERT_NONE, False)),
        ("postgresql://ada:x@127.0.0.1/db?sslmode=require", (ssl.CERT_NONE, False)),
        ("postgresql://ada:x@db.example.com/db?sslmode=verify-full", (ssl.CERT_REQUIRED, True)),
        ("postgresql://ada:x@db.example.com/db?sslmode=disable", None),
    ],
)
def test_another_machine_is_reached_by_tls(url: str, expected: tuple[ssl.VerifyMode, bool] | None) -> None:
    context = driver.tls_context(driver.parsed(url))
    assert (context and (context.verify_mode, context.check_hostname)) == expected


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("sslmode=prefer", "sslmode of the URL must be one of disable, require, verify-full"),
        ("sslmode=require&sslrootcert=/nowhere.pem", "sslrootcert names /nowhere.pem"),
        ("pgbouncer=true", "The option pgbouncer of the URL is not supported"),
    ],
)
def test_options_that_would_have_no_effect_are_refused(options: str, said: str) -> None:
    with pytest.raises(StartRefused, match=said):
        driver.tls_context(driver.parsed(f"postgresql://ada:x@db.example.com/db?{options}"))


async def test_without_the_driver_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "find_spec", lambda _: None)
    with pytest.raises(StartRefused, match="run `pip install pg8000`"):
        async with open_source_database("postgresql://ada:hunter2@127.0.0.1/db"):
            pass
