from collections.abc import Sequence
from typing import final


@final
class SessionsOfAccounts:
    """The ended sessions of each account. Most accounts have one, which is kept without a set."""

    def __init__(self) -> None:
        self._one: dict[int, int] = {}
        self._several: dict[int, set[int]] = {}

    def add(self, user: int, session: int) -> None:
        several = self._several.get(user)
        if several is not None:
            several.add(session)
        elif self._one.get(user, session) != session:
            self._several[user] = {self._one.pop(user), session}
        else:
            self._one[user] = session

    def remove(self, user: int, session: int) -> None:
        """Remove a session of the account, which was added."""
        several = self._several.get(user)
        if several is None:
            del self._one[user]
            return
        several.remove(session)
        if not several:
            del self._several[user]

    def of(self, user: int) -> Sequence[int]:
        """Return the sessions of the account."""
        if user in self._several:
            return list(self._several[user])
        return [self._one[user]] if user in self._one else []

    def number_of(self, user: int) -> int:
        """Return how many sessions the account has."""
        return len(self._several.get(user, ())) or int(user in self._one)
