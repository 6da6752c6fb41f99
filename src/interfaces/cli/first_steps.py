import structlog

from application.keys.ensure_signing_key import EnsureSigningKey
from application.ports.clock import Clock
from application.ports.security import PasswordBlocklist
from application.ports.storage import Storage
from domain.access.role import ADMIN
from domain.errors import Unavailable
from infrastructure.container import make_container
from infrastructure.security.key_ring import StoredKeyRing
from infrastructure.security.master_secret import MasterSecret
from infrastructure.settings import Settings
from infrastructure.sql.schema import HEAD, check_schema, current_revision, migrate
from infrastructure.sql.urls import DatabaseUrl
from infrastructure.start_refused import StartRefused


async def first_steps(settings: Settings, *, migrates: bool) -> bool:
    """A database with our schema and a signing key that the master secret opens; True when there is an admin.

    Raise StartRefused. Nothing is left open behind it.
    """
    container = make_container(settings)
    try:
        await container.get(MasterSecret)
        if settings.password_blocklist is not None:
            await container.get(PasswordBlocklist)
        await ensure_schema(DatabaseUrl.parse(settings.database_url), migrates=migrates)
        now = (await container.get(Clock)).now()
        await (await container.get(EnsureSigningKey))(now)
        await (await container.get(StoredKeyRing)).reload()
        storage = await container.get(Storage)
        async with storage.transaction() as tx:
            return bool(await tx.users.count_enabled(ADMIN))
    except Unavailable as error:
        raise StartRefused(str(error)) from error
    finally:
        await container.close()


async def ensure_schema(url: DatabaseUrl, *, migrates: bool) -> None:
    if not migrates:
        await check_schema(url)
    elif (before := await current_revision(url)) != HEAD:
        await migrate(url)
        structlog.get_logger().info("schema_migrated", before=before, after=HEAD)
