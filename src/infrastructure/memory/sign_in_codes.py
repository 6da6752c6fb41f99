from dataclasses import dataclass, replace
from datetime import datetime

from doorward.domain.accounts.sign_in_code import SignInCode
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId
from doorward.infrastructure.memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemorySignInCodes:
    tables: Tables

    async def put(self, code: SignInCode) -> None:
        if code.user_id not in self.tables.users:
            raise AccountMissing
        self.tables.sign_in_codes[code.user_id] = code

    async def count_try(self, user_id: UserId) -> SignInCode | None:
        code = self.tables.sign_in_codes.get(user_id)
        if code is None:
            return None
        tried = replace(code, tries=code.tries + 1)
        self.tables.sign_in_codes[user_id] = tried
        return tried

    async def spend(self, code: SignInCode) -> bool:
        stored = self.tables.sign_in_codes.get(code.user_id)
        if stored is None or stored.hash != code.hash:
            return False
        del self.tables.sign_in_codes[code.user_id]
        return True

    async def prune(self, expired_before: datetime, limit: int) -> int:
        old = [key for key, code in self.tables.sign_in_codes.items() if code.expires_at < expired_before][:limit]
        for key in old:
            del self.tables.sign_in_codes[key]
        return len(old)
