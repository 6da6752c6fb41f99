from collections.abc import Iterable

from doorward.application.ports.storage import Storage


async def unknown_roles(storage: Storage, names: Iterable[str]) -> list[str]:
    """Those of the names that are no role, in their order; the database is asked only when there are names."""
    asked = list(names)
    if not asked:
        return []
    async with storage.reading() as reading:
        known = {role.name for role in await reading.roles.all()}
    return [name for name in asked if name not in known]
