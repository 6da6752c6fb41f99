from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId
from doorward.domain.letters.link_token import LinkTokenHash
from doorward.domain.letters.undo_link import UndoLink
from doorward.infrastructure.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryUndoLinks:
    tables: Tables

    async def find(self, token_hash: LinkTokenHash) -> UndoLink | None:
        return next((link for link in self.tables.undo_links.values() if link.hash == token_hash), None)

    async def of_account(self, user_id: UserId) -> Sequence[UndoLink]:
        own = [link for link in self.tables.undo_links.values() if link.user_id == user_id]
        return sorted(own, key=lambda link: link.address.key)

    async def is_reserved(self, address_key: str, other_than: UserId, now: datetime) -> bool:
        return any(
            link.address.key == address_key and link.user_id != other_than and link.expires_at > now
            for link in self.tables.undo_links.values()
        )

    async def put(self, link: UndoLink) -> None:
        if link.user_id not in self.tables.users:
            raise AccountMissing
        self.tables.undo_links[link.user_id, link.address.key] = link

    async def void(self, user_id: UserId) -> None:
        for key in [key for key in self.tables.undo_links if key[0] == user_id]:
            del self.tables.undo_links[key]

    async def void_since(self, link: UndoLink) -> None:
        for each in await self.of_account(link.user_id):
            if each.expires_at >= link.expires_at:
                del self.tables.undo_links[each.user_id, each.address.key]

    async def prune(self, expired_before: datetime, limit: int) -> int:
        old = [key for key, link in self.tables.undo_links.items() if link.expires_at < expired_before][:limit]
        for key in old:
            del self.tables.undo_links[key]
        return len(old)
