from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import final

from doorward.application.accounts.count_attempt import CountAttempt
from doorward.application.ports.attempts import DeviceTokens
from doorward.application.ports.storage import Storage, Transaction
from doorward.domain.accounts.attempts import UNKNOWN_DEVICES, AttemptKey, DeviceId
from doorward.domain.accounts.user import User

StepFor = Callable[[Transaction, User | None], Awaitable[None]]


async def nothing(_: Transaction, __: User | None) -> None:
    """Do nothing else in the transaction."""


@final
@dataclass(frozen=True, slots=True)
class FindAndCount:
    """Finds the account of a sign-in, and counts the attempt before the proof is looked at."""

    storage: Storage
    devices: DeviceTokens
    count: CountAttempt

    async def __call__(
        self,
        key: str,
        now: datetime,
        token: str | None,
        strangers: DeviceId = UNKNOWN_DEVICES,
        also: StepFor = nothing,
    ) -> tuple[User | None, AttemptKey]:
        """Return the account, and what was counted. `key` is a folded login name. Raise TooManyAttempts.

        A browser has a count of its own if the token is one of the account. All others are counted as `strangers`.
        `also` is done for the account in the transaction that counts.
        """
        known = self.devices.read(token) if token is not None else None
        counted = self.count.key(key, known.device if known else strangers)
        async with self.storage.reading() as reading:
            before, user = await reading.attempts.with_user(counted, key)
            if known and (user is None or user.id != known.user_id):
                counted = self.count.key(key, strangers)
                before = await reading.attempts.get(counted)
        await self.count(key, counted, before, now, lambda tx: also(tx, user))
        return user, counted
