"""What the inside asks of a database. An adapter passes `tests/integration/contracts/`, or it is none.

Every method may raise StorageUnavailable; inside a transaction also TransactionConflict, upon which the whole
transaction was undone and may be run again (`application.transactions.retried` does).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from doorward.domain.access.decision import Access
from doorward.domain.access.role import Role, RoleName
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import Change, SequencedChange
from doorward.domain.ids import SessionId, UserId
from doorward.domain.keys.signing_key import SigningKey
from doorward.domain.services.service import Service, ServiceId
from doorward.domain.sessions.refresh_token import RefreshTokenHash
from doorward.domain.sessions.session import Session, SessionPolicy


class UserReader(Protocol):
    async def get(self, user_id: UserId) -> User | None: ...

    async def by_login(self, key: str) -> User | None:
        """The account whose username key is `key`, or else the one whose email key is."""
        ...

    async def page(self, query: str, after: str | None, limit: int) -> Sequence[User]:
        """Accounts whose username key begins with `query` and lies behind `after`, in the order of that key, at most
        `limit`. With an `@` in `query` the email key takes the place of the username key."""
        ...

    async def taken(
        self, username_keys: Sequence[str], email_keys: Sequence[str]
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Which of these (any number) are in use: of the username keys, and of the email keys."""
        ...

    async def access_of(self, user_ids: Sequence[UserId]) -> Mapping[UserId, Access]:
        """What authorization needs of these accounts (any number); unknown ones are not in the answer."""
        ...

    async def count_enabled(self, role: RoleName) -> int:
        """Enabled accounts that hold the role, as committed by now (see `LockName.ADMINS`)."""
        ...


class UserRepository(UserReader, Protocol):
    """`save`, `delete`, `grant` and `revoke` announce the account in the change feed, within the same transaction."""

    async def add(self, user: User) -> None:
        """Raise UsernameTaken or EmailTaken when one is in use (the first of them when both are), RoleMissing when one
        of its roles does not exist."""
        ...

    async def add_all(self, users: Sequence[User]) -> None:
        """`add` for many (any number) at once, in few steps. Raise what `add` does when one of them cannot be added;
        whoever lets the transaction end nevertheless does not know which of the others are in it."""
        ...

    async def save(self, user: User) -> None:
        """Everything but the roles. The stored version becomes `user.version + 1`. Raise UsernameTaken, EmailTaken, or
        TransactionConflict when somebody saved or deleted the account since it was read."""
        ...

    async def delete(self, user_id: UserId) -> bool:
        """With its grants and its sessions, whose end is announced as one change: of the epoch after the account's
        last. False when there was none."""
        ...

    async def lock(self, user_id: UserId) -> User | None:
        """The account, held until the transaction ends: whoever else would lock or change it waits, and what is read is
        what they committed."""
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


class SessionReader(Protocol):
    """Sessions are here until they are ended or pruned; whether one is over by now, its policy says."""

    async def get(self, session_id: SessionId) -> Session | None: ...

    async def with_user(self, session_id: SessionId) -> tuple[Session, User] | None:
        """The session, and the account that it is of, as they are at one moment."""
        ...

    async def of_user(self, user_id: UserId) -> Sequence[Session]:
        """The latest sign-in first."""
        ...


class SessionRepository(SessionReader, Protocol):
    """What ends before its time is announced in the change feed as a change of `sessions`, one for each; `end_all`
    announces one for them all. What opens and what ends sessions of one account at the same time goes one after the
    other when whoever does it holds the account (`UserRepository.lock`)."""

    async def add(self, session: Session) -> None:
        """Raise AccountMissing."""
        ...

    async def rotate(
        self,
        session_id: SessionId,
        presented: RefreshTokenHash,
        successor: RefreshTokenHash,
        policy: SessionPolicy,
        now: datetime,
    ) -> bool:
        """`Session.rotated`, in one step: True when `presented` was the session's token and the session was not over.
        Of many that rotate the same token at once, one does; the others see what it did."""
        ...

    async def end(self, sessions: Sequence[Session]) -> int:
        """Delete these sessions of one account (any number) and return how many of them still existed."""
        ...

    async def end_all(self, user_id: UserId, epoch: int) -> int:
        """All of the account, which goes on in this epoch; how many. Announced also when there were none: access tokens
        of the epochs before may still be about."""
        ...

    async def prune(self, unused_since: datetime, limit: int) -> int:
        """Forget at most `limit` sessions last used before that time, a day more or less; how many. Nothing is
        announced: their access tokens ended with them."""
        ...


class ServiceReader(Protocol):
    async def all(self) -> Sequence[Service]:
        """In the order of their names."""
        ...

    async def get(self, service_id: ServiceId) -> Service | None: ...


class ServiceRepository(ServiceReader, Protocol):
    async def add(self, service: Service) -> None:
        """Raise ServiceExists when its name is in use."""
        ...

    async def remove(self, service_id: ServiceId) -> bool:
        """False when there was none."""
        ...


class LeaseRepository(Protocol):
    async def take(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """True when the holder has what is called `name` to itself until then: nobody had it, or its time was up, or it
        was the holder's already, or somebody had it for longer than can be meant (their clock was wrong). Of many that
        try at once, one has it."""
        ...


class LockName(StrEnum):
    """The named locks that transactions take."""

    ADMINS = "admins"
    """Serialises the transactions that may take the last enabled admin away."""
    SIGNING_KEYS = "signing_keys"
    """Serialises the transactions that change the signing keys."""


class LockRepository(Protocol):
    async def take(self, name: LockName) -> None:
        """Hold the lock until the transaction ends. Any other transaction that takes it, on any node, waits until then.
        Afterwards it reads what this transaction committed."""
        ...


class KeyReader(Protocol):
    async def all(self) -> Sequence[SigningKey]:
        """In the order in which they sign."""
        ...


class KeyRepository(KeyReader, Protocol):
    async def add(self, key: SigningKey) -> None:
        """Announced as a change of `keys`. Raise KeyExists."""
        ...

    async def save(self, key: SigningKey) -> bool:
        """How it is sealed and from when it signs. Announced as a change of `keys`; False when there was none."""
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

    async def ended_since(self, moment: datetime, limit: int) -> Sequence[SequencedChange]:
        """Those of `sessions` that were announced at that moment or later, ascending; when there are more than `limit`,
        any so many of them."""
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
    def sessions(self) -> SessionReader: ...
    @property
    def services(self) -> ServiceReader: ...
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
    def sessions(self) -> SessionRepository: ...
    @property
    def services(self) -> ServiceRepository: ...
    @property
    def leases(self) -> LeaseRepository: ...
    @property
    def locks(self) -> LockRepository: ...
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
        (or may be: when the outcome is unknown they are not `certain`), before its block is left. Never for one that
        was rolled back."""
        ...
