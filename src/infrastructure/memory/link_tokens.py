from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId
from doorward.domain.letters.link_token import LinkPurpose, LinkToken, LinkTokenHash
from doorward.infrastructure.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryLinkTokens:
    tables: Tables

    async def find(self, token_hash: LinkTokenHash) -> LinkToken | None:
        return next((token for token in self.tables.link_tokens.values() if token.hash == token_hash), None)

    async def of_user(self, user_id: UserId) -> Sequence[LinkToken]:
        own = [token for token in self.tables.link_tokens.values() if token.user_id == user_id]
        return sorted(own, key=lambda token: token.purpose)

    async def of_account(self, user_id: UserId, purpose: LinkPurpose) -> LinkToken | None:
        return self.tables.link_tokens.get((user_id, purpose))

    async def put(self, token: LinkToken) -> None:
        if token.user_id not in self.tables.users:
            raise AccountMissing
        self.tables.link_tokens[token.user_id, token.purpose] = token

    async def spend(self, token_hash: LinkTokenHash) -> bool:
        token = await self.find(token_hash)
        if token is None:
            return False
        del self.tables.link_tokens[token.user_id, token.purpose]
        return True

    async def void(self, user_id: UserId) -> None:
        for key in [key for key in self.tables.link_tokens if key[0] == user_id]:
            del self.tables.link_tokens[key]

    async def prune(self, expired_before: datetime, limit: int) -> int:
        old = [key for key, token in self.tables.link_tokens.items() if token.expires_at < expired_before][:limit]
        for key in old:
            del self.tables.link_tokens[key]
        return len(old)
