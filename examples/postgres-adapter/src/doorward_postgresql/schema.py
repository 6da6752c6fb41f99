"""The revision of the schema, and its migration, on one connection of asyncpg.

The migrations are the files `migrations/NUMBER_*.sql`. A number is the revision of Doorward's tables that a file leads
to. Each file writes its number into the table `doorward_version`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, final

import asyncpg

from doorward.adapters import StartRefused
from doorward.infrastructure.sql.contents import HEAD
from doorward.infrastructure.sql.naming import VERSION_TABLE
from doorward.infrastructure.sql.tables import metadata
from doorward_postgresql.tls import tls_context
from doorward_postgresql.url import PostgresqlUrl

TIMEOUT_SECONDS = 3.0
"""The time for connecting and for reading the revision."""

LOCK_WAIT_SECONDS = 10
"""How long a migration waits for another one, and for a lock on a table."""

MIGRATION_TIMEOUT_SECONDS = 600.0

REVISION = 'SELECT version_num FROM "{prefix}doorward_version"'

UNUSABLE = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, EOFError)
"""What asyncpg raises when a server cannot be reached or used. A TimeoutError is an OSError."""


@final
@dataclass(frozen=True, slots=True)
class Migration:
    revision: str
    file: Traversable

    def sql(self, table_prefix: str) -> str:
        return self.file.read_text("utf-8").replace("{prefix}", table_prefix)


def migrations() -> Sequence[Migration]:
    """Return the migrations of this package in their order."""
    folder = files("doorward_postgresql") / "migrations"
    found = [Migration(file.name.partition("_")[0], file) for file in folder.iterdir() if file.name.endswith(".sql")]
    return sorted(found, key=lambda each: each.revision)


@final
@dataclass(frozen=True, slots=True)
class Schema:
    url: PostgresqlUrl
    table_prefix: str

    async def check(self) -> None:
        """Raise StartRefused unless the database has exactly the schema of this version."""
        self._refuse_other_doorward()
        async with self._connected(TIMEOUT_SECONDS) as connection:
            found = await self._revision(connection)
        if found is None:
            raise StartRefused(f"The database {self.url.masked} has no tables of Doorward; run `doorward migrate`.")
        refuse_newer(found)
        if found != HEAD:
            raise StartRefused(f"The database has schema {found} and {HEAD} is needed; run `doorward migrate`.")

    async def migrate(self) -> tuple[str | None, str]:
        """Bring the schema to this version and return the revisions before and after. All of it is one transaction."""
        self._refuse_other_doorward()
        async with self._connected(TIMEOUT_SECONDS) as connection:
            before = await self._revision(connection)
        if before != HEAD:
            async with self._connected(MIGRATION_TIMEOUT_SECONDS) as connection, connection.transaction():
                await self._lock(connection)
                before = await self._revision(connection)
                await self._run(connection, before)
        return before, HEAD

    def _refuse_other_doorward(self) -> None:
        """Raise StartRefused if this package is older or newer than the tables of the Doorward that is installed."""
        newest = migrations()[-1].revision
        if newest != HEAD:
            raise StartRefused(
                f"doorward-postgresql knows schema {newest}, and Doorward has {HEAD}; install versions that belong "
                "together."
            )

    async def _lock(self, connection: asyncpg.Connection) -> None:
        """Wait for other processes that migrate these tables. The lock ends with the transaction."""
        await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT_SECONDS}s'")
        name = f"doorward migrate {self.table_prefix}"
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)

    async def _run(self, connection: asyncpg.Connection, before: str | None) -> None:
        refuse_newer(before or "")
        for migration in migrations():
            if migration.revision > (before or ""):
                await connection.execute(migration.sql(self.table_prefix))

    async def _revision(self, connection: asyncpg.Connection) -> str | None:
        """Return the revision, or None if there is no schema. Raise StartRefused for a database that cannot be used."""
        encoding = await connection.fetchval("SHOW server_encoding")
        if encoding != "UTF8":
            raise StartRefused(f"The database {self.url.masked} is encoded as {encoding}; create one with UTF8.")
        names = [f"{self.table_prefix}{name}" for name in (VERSION_TABLE, *metadata.tables)]
        rows = await connection.fetch(
            "SELECT table_name::text AS name FROM information_schema.tables "
            "WHERE table_schema = current_schema() AND table_name = ANY($1)",
            names,
        )
        present = {str(row["name"]) for row in rows}
        if names[0] in present:
            return str(await connection.fetchval(REVISION.replace("{prefix}", self.table_prefix)))
        if present:
            raise StartRefused(
                f"The database {self.url.masked} has tables of another program with the names of Doorward's tables: "
                f"{', '.join(sorted(present))}. Nothing was changed; set another DOORWARD_TABLE_PREFIX."
            )
        return None

    @asynccontextmanager
    async def _connected(self, seconds: float) -> AsyncIterator[asyncpg.Connection]:
        """Provide a connection for the block, which may take so long. Raise StartRefused for what is wrong with the
        server."""
        try:
            async with asyncio.timeout(seconds):
                connection = await connect(self.url)
                try:
                    yield connection
                finally:
                    connection.terminate()
        except UNUSABLE as error:
            raise unusable(self.url, error) from error


async def connect(url: PostgresqlUrl) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=url.host,
        port=url.port,
        user=url.user,
        password=url.password,
        database=url.database,
        ssl=tls_context(url) or False,
        statement_cache_size=0,
        server_settings={"application_name": "doorward"},
    )


def refuse_newer(revision: str) -> None:
    if revision > HEAD:
        raise StartRefused(
            f"The database has schema {revision}, which a newer version created (this one knows {HEAD}); run the newer "
            "version, since `doorward migrate` does not downgrade."
        )


SIGN_IN_REFUSED: Final = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)


def unusable(url: PostgresqlUrl, error: BaseException) -> StartRefused:
    """Return a refusal of one line with the message of the server, which contains no password."""
    words = " ".join(str(error).split()) or "no answer in time"
    if isinstance(error, SIGN_IN_REFUSED):
        advice = "check the user, the password and the name of the database in DOORWARD_DATABASE_URL"
    elif isinstance(error, asyncpg.LockNotAvailableError):
        advice = "another process has been migrating it; try again later"
    elif isinstance(error, asyncpg.InsufficientPrivilegeError):
        advice = "migrating takes CREATE on the schema, serving SELECT, INSERT, UPDATE and DELETE on its tables"
    else:
        advice = "check that it is up and that DOORWARD_DATABASE_URL names it"
    return StartRefused(f"The database {url.masked} cannot be used ({words}); {advice}.")
