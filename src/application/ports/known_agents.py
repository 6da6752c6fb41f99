"""The port of what is remembered about the user agents of an account."""

from collections.abc import Sequence
from typing import Protocol

from doorward.domain.ids import UserId


class KnownAgentsRepository(Protocol):
    """The caller of each method holds the account (`UserRepository.lock`)."""

    async def of_user(self, user_id: UserId) -> Sequence[str]:
        """Return the families of user agents that were remembered last; none if there are none."""
        ...

    async def remember(self, user_id: UserId, families: Sequence[str]) -> None:
        """Replace what is remembered. Raise AccountMissing if there is no such account. The caller gives no family with
        a line break."""
        ...
