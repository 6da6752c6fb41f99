from collections.abc import Iterable

from doorward.application.ports.storage import Storage


async def unknown_roles(storage: Storage, names: Iterable[str]) -> list[str]:
    """Return the names that are not roles, in the given order. If there are no names, the database is not read."""
    requested = list(names)
    if not requested:
        return []
    async with storage.reading() as reading:
        known = {role.name for role in await reading.roles.all()}
    return [name for name in requested if name not in known]
