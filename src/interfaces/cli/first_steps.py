import structlog

from doorward.application.access.has_admin import HasAdmin
from doorward.application.keys.ensure_signing_key import EnsureSigningKey
from doorward.application.keys.reseal_signing_keys import ResealSigningKeys
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import PasswordStrength
from doorward.domain.errors import Unavailable
from doorward.infrastructure.container import make_container
from doorward.infrastructure.database import Database
from doorward.infrastructure.security.key_ring import StoredKeyRing
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.passwords import Argon2Library
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.start_refused import StartRefused


async def first_steps(settings: Settings, *, migrates: bool) -> bool:
    """A database with our schema and a signing key that the master secret opens; True when there is an admin.

    Raise StartRefused. Nothing is left open behind it.
    """
    container = make_container(settings)
    try:
        await container.get(MasterSecret)
        if settings.password_blocklist is not None:
            await container.get(PasswordStrength)
        await container.get(Argon2Library)
        await ensure_schema(await container.get(Database), migrates=migrates)
        now = (await container.get(Clock)).now()
        await (await container.get(ResealSigningKeys))()
        await (await container.get(EnsureSigningKey))(now)
        await (await container.get(StoredKeyRing)).reload()
        return await (await container.get(HasAdmin))()
    except Unavailable as error:
        raise StartRefused(str(error)) from error
    finally:
        await container.close()


async def ensure_schema(database: Database, *, migrates: bool) -> None:
    if not migrates:
        await database.check()
        return
    before, after = await database.migrate()
    if before != after:
        structlog.get_logger().info("schema_migrated", before=before, after=after)
