from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.change_feed.directory import AccessDirectory
from doorward.application.change_feed.known_services import KnownServices
from doorward.application.change_feed.own_accounts import OwnAccounts
from doorward.domain.change_feed.change import Change


@final
@dataclass(frozen=True, slots=True)
class Directories:
    """All that a node keeps of accounts and services, which the change feed keeps correct."""

    access: AccessDirectory
    accounts: OwnAccounts
    services: KnownServices

    def apply(self, changes: Sequence[Change]) -> None:
        """Drop what the changes concern."""
        self.access.apply(changes)
        self.accounts.apply(changes)
        self.services.apply(changes)

    def clear(self) -> None:
        """Drop everything, as after a start."""
        self.access.clear()
        self.accounts.clear()
        self.services.clear()

    async def refresh(self) -> None:
        """Read again what decides about the accounts in use. Raise StorageUnavailable."""
        await self.access.refresh()
