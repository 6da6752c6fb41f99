"""The ports of sign-in by a code from a letter."""

from datetime import datetime
from typing import Protocol

from doorward.domain.accounts.sign_in_code import SignInCode, SignInCodeHash
from doorward.domain.accounts.user import User
from doorward.domain.ids import UserId


class SignInCodeRepository(Protocol):
    async def put(self, code: SignInCode) -> None:
        """Store the code in place of an older one of the same account. Raise AccountMissing if there is no such
        account. The caller holds the account (`UserRepository.lock`)."""
        ...

    async def count_try(self, user_id: UserId) -> SignInCode | None:
        """Count a try, and return the code with it. The code is held until the transaction ends, so that tries at the
        same moment are counted one after the other. Return None if the account has no code."""
        ...

    async def spend(self, code: SignInCode) -> bool:
        """Delete the code, however often it was tried, and return whether it was stored. Of several transactions that
        spend the same code, one succeeds."""
        ...

    async def prune(self, expired_before: datetime, limit: int) -> int:
        """Delete at most `limit` codes that expired before that time, and return how many."""
        ...


class SignInCodes(Protocol):
    """Generates codes and compares what people type. A code is valid for one account, while it has the same address and
    the same password."""

    def generate(self, user: User) -> tuple[str, SignInCodeHash]:
        """Return a random code of eight digits, and its keyed hash to be stored."""
        ...

    def matches(self, typed: str, user: User | None, stored: SignInCodeHash | None) -> bool:
        """Return whether somebody typed the code of the account. Blanks do not count. The time does not depend on the
        digits, and is the same without an account or without a code."""
        ...
