"""What the inside asks of a database. An adapter passes `tests/integration/contracts/`, or it is none.

Every method may raise StorageUnavailable; inside a transaction also TransactionConflict, upon which the whole
transaction was undone and may be run again (`application.transactions.retried` does).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from domain.access.change import Change, SequencedChange
from domain.access.decision import Access
from domain.access.role import Role, RoleName
from domain.accounts.user import User
from domain.ids import UserId
from domain.keys.signing_key import SigningKey


class UserReader(Protocol):
    async def get(self, user_id: UserId) -> User | None: ...

    async def by_login(self, key: str) -> User | None:
        """The account whose username key is `key`, or else the one whose email key is."""
        ...

    async def page(self, query: str, after: str | None, limit: int) -> Sequence[User]:
        """Accounts whose username key begins with `query` and lies behind `after`, in the order of that key, at most
        `limit`. With an `@` in `query` the email key takes the place of the username key."""
        ...

    async def access_of(self, user_ids: Sequence[UserId]) -> Mapping[UserId, Access]:
        """What authorization needs of these accounts (any number); unknown ones are not in the answer."""
        ...

    async def count_enabled(self, role: RoleName) -> int:
        """Enabled accounts that hold the role, as committed by now (see `RoleRepository.lock`)."""
        ...


class UserRepository(UserReader, Protocol):
    """`save`, `delete`, `grant` and `revoke` announce the account in the change feed, within the same transaction."""

    async def add(self, user: User) -> None:
        """Raise UsernameTaken or EmailTaken when one is in use (the first of them when both are), RoleMissing when one
        of its roles does not exist."""
        ...

    async def save(self, user: User) -> None:
        """Everything but the roles. The stored version becomes `user.version + 1`. Raise UsernameTaken, EmailTaken, or
        TransactionConflict when somebody saved or deleted the account since it was read."""
        ...

    async def delete(self, user_id: UserId) -> bool:
        """With its grants; False when there was none."""
        ...

    async def grant(self, user_id: UserId, role: RoleName, now: datetime) -> bool:
        """False when it had the role. Raise RoleMissing or AccountMissing."""
        ...

    async def revoke(self, user_id: UserId, role: RoleName) -> bool:
        """False when it had not."""
        ...


class RoleReader(Protocol):
    async def all(self) -> Sequence[Role]:
        """In the order of their names."""
        ...

    async def get(self, name: RoleName) -> Role | None: ...


class RoleRepository(RoleReader, Protocol):
    async def put(self, role: Role) -> bool:
        """Add it, or change its description; True when it was added."""
        ...

    async def remove(self, name: RoleName) -> bool:
        """With every grant of it, announced as one change of `roles`; False when there was none."""
        ...

    async def lock(self, name: RoleName) -> None:
        """Hold the role until the transaction ends: nobody else who locks it goes on before, and what is read after
        the lock is what they committed."""
        ...


class KeyReader(Protocol):
    async def all(self) -> Sequence[SigningKey]:
        """In the order in which they sign."""
        ...


class KeyRepository(KeyReader, Protocol):
    async def add(self, key: SigningKey) -> None:
        """Announced as a change of `keys`. Raise KeyExists."""
        ...

    async def remove(self, kid: str) -> bool:
        """Announced as a change of `keys`; False when there was none."""
        ...


class ChangeReader(Protocol):
    """The change feed. Sequence numbers are positive, each given once, and may become visible out of order."""

    async def since(self, sequence: int, limit: int) -> Sequence[SequencedChange]:
        """Those numbered `sequence` or more, ascending."""
        ...

    async def among(self, sequences: Sequence[int]) -> Sequence[SequencedChange]:
        """Those with exactly these numbers (at most 1,000)."""
        ...

    async def latest(self, count: int) -> Sequence[SequencedChange]:
        """The last `count`, ascending."""
        ...


class ChangeRepository(ChangeReader, Protocol):
    async def prune(self, before: datetime, limit: int) -> int:
        """Forget at most `limit` changes older than `before`, never the latest; how many."""
        ...


class Reading(Protocol):
    """Reads, each seeing what is committed when it runs. Nothing can be written through it."""

    @property
    def users(self) -> UserReader: ...
    @property
    def roles(self) -> RoleReader: ...
    @property
    def keys(self) -> KeyReader: ...
    @property
    def changes(self) -> ChangeReader: ...


class Transaction(Protocol):
    """Reads and writes that all happen or none."""

    @property
    def users(self) -> UserRepository: ...
    @property
    def roles(self) -> RoleRepository: ...
    @property
    def keys(self) -> KeyRepository: ...
    @property
    def changes(self) -> ChangeRepository: ...


CommitListener = Callable[[Sequence[Change]], None]


class Storage(Protocol):
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commits when the block ends, rolls back when it raises. Nothing slow belongs inside."""
        ...

    def reading(self) -> AbstractAsyncContextManager[Reading]:
        """A connection for reading, without a transaction around it."""
        ...

    async def close(self) -> None:
        """Let go of everything that is open; the last thing that is done with it."""
        ...

    def on_commit(self, listener: CommitListener) -> None:
        """Call `listener` with the changes that each transaction of this process announced, as soon as it is committed
        (or may be: when the outcome is unknown), before its block is left. Never for one that was rolled back."""
        ...
