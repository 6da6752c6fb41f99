"""Which names are in use, here and among the accounts that were looked at so far."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import final

from doorward.application.ports.storage import Storage
from doorward.domain.accounts.username import Username
from doorward.domain.adoption.wanted_name import derived_usernames

HERE = "an account that is here already"


@final
@dataclass(slots=True)
class NamesInUse:
    """Keys of usernames, addresses and aliases. Those of one kind are never those of another, so they share a
    dictionary, whose values say who has the key."""

    storage: Storage
    holders: dict[str, str] = field(default_factory=dict)
    _looked_up: set[str] = field(default_factory=set)
    """Derived usernames that were looked up."""

    async def look_up(self, usernames: Iterable[str], emails: Iterable[str], aliases: Iterable[str]) -> None:
        """Note which of these keys accounts of the storage have."""
        async with self.storage.reading() as reading:
            named, reachable = await reading.users.taken([*usernames], [*emails])
            known = await reading.users.aliases_taken([*aliases])
        self.holders.update(dict.fromkeys((*named, *reachable, *known), HERE))

    def holder(self, key: str) -> str | None:
        """Return who has the key, in words; None if nobody has it."""
        return self.holders.get(key)

    def take(self, holder: str, *keys: str | None) -> None:
        """Note that an account has these keys."""
        self.holders.update({key: holder for key in keys if key is not None})

    async def look_up_derived(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Look up together what `free_username` would try first for each of these."""
        keys = [next(derived_usernames(*each)).key for each in wanted]
        await self.look_up(keys, (), ())
        self._looked_up.update(keys)

    async def free_username(self, base: str, external_id: str) -> Username:
        """Return the first username derived from `base` that nobody has."""
        names = derived_usernames(base, external_id)
        while True:
            name = next(names)
            if name.key not in self.holders and name.key not in self._looked_up:
                await self.look_up([name.key], (), ())
                self._looked_up.add(name.key)
            if name.key not in self.holders:
                return name
