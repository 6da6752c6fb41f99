from collections.abc import Iterable

from doorward.application.ports.storage import Storage


async def unknown_roles(storage: Storage, names: Iterable[str]) -> list[str]:
    """Return those of the names that are no roles, in their order. Without names the database is not read."""
    asked = list(names)
    if not asked:
        return []
    async with storage.reading() as reading:
        known = {role.name for role in await reading.roles.all()}
    return [name for name in asked if name not in known]
