"""Prepares a start: checks the settings and the database, and makes the signing key, before anything is served."""

import structlog
from dishka import AsyncContainer

from doorward.application.access.has_admin import HasAdmin
from doorward.application.keys.ensure_signing_key import EnsureSigningKey
from doorward.application.keys.reseal_signing_keys import ResealSigningKeys
from doorward.application.nodes.agree_on_settings import AgreeOnSettings
from doorward.application.ports.clock import Clock
from doorward.application.ports.profiles import ProfileSchema
from doorward.application.ports.security import KeyRing, PasswordStrength
from doorward.domain.errors import Unavailable
from doorward.infrastructure.adapters.hasher_adapter import HasherAdapter
from doorward.infrastructure.adapters.storage_adapter import StorageAdapter
from doorward.infrastructure.container import make_container
from doorward.infrastructure.database_wait import DatabaseWait
from doorward.infrastructure.node_texts import difference
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.start_refused import StartRefused


async def prepare_start(settings: Settings, *, migrate: bool) -> bool:
    """Check the database's schema, and make the signing key unless there is one. Return whether there is an admin.

    Raise StartRefused when the database, the master secret or a setting cannot be used. Every connection is closed.
    """
    container = make_container(settings)
    try:
        return await prepare(container, migrate=migrate)
    finally:
        await container.close()


async def prepare(container: AsyncContainer, *, migrate: bool) -> bool:
    """Do the same with this container, which stays open."""
    try:
        await container.get(MasterSecret)
        await container.get(PasswordStrength)
        await container.get(ProfileSchema)
        (await container.get(HasherAdapter)).check()
        await ensure_schema(await container.get(StorageAdapter), await container.get(DatabaseWait), migrate=migrate)
        now = (await container.get(Clock)).now()
        await refuse_disagreement(container)
        await (await container.get(ResealSigningKeys))()
        await (await container.get(EnsureSigningKey))(now)
        await (await container.get(KeyRing)).reload()
        return await (await container.get(HasAdmin))()
    except Unavailable as error:
        raise StartRefused(f"{error} ({error.cause})") from error


async def refuse_disagreement(container: AsyncContainer) -> None:
    """Raise StartRefused if other nodes on the database have other values of the settings that all must share."""
    found = await (await container.get(AgreeOnSettings))()
    if found:
        await (await container.get(KeyRing)).reload()  # names a signing key that this master secret does not decrypt
        raise StartRefused(difference(found[0]))


async def ensure_schema(database: StorageAdapter, wait: DatabaseWait, *, migrate: bool) -> None:
    """Wait for the database, and check that the schema is that of this version, or migrate it. Raise StartRefused."""
    if not migrate:
        await wait(database.check)
        return
    before, after = await wait(database.migrate)
    if before != after:
        structlog.get_logger().info("schema_migrated", before=before, after=after)
