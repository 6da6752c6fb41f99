"""The ports of the database. An adapter must pass the contract tests in `testing/contracts/storage/`.

Each sentence in the docstring of a method is a promise of the adapter, and so is each sentence after the first one in
the docstring of a class. A contract test names each of them. What begins with "The caller" is asked of use cases. The
adapter is given no text with NUL or half of a character.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from doorward.application.ports.adoption import AdoptionReader, AdoptionRepository
from doorward.application.ports.attempts import AttemptReader, AttemptRepository
from doorward.application.ports.audit import AuditReader, AuditRepository
from doorward.application.ports.deleted_users import DeletedUserReader, DeletedUserRepository
from doorward.application.ports.invitations import InvitationReader, InvitationRepository
from doorward.application.ports.known_agents import KnownAgentsRepository
from doorward.application.ports.letters import (
    LetterReader,
    LetterRepository,
    LinkTokenReader,
    LinkTokenRepository,
    UndoLinkReader,
    UndoLinkRepository,
)
from doorward.application.ports.nodes import (
    AgreedSettingReader,
    AgreedSettingRepository,
    HeartbeatReader,
    HeartbeatRepository,
    NodeReader,
    NodeRepository,
)
from doorward.application.ports.profiles import ProfileReader, ProfileRepository
from doorward.application.ports.repositories import (
    ChangeReader,
    ChangeRepository,
    KeyReader,
    KeyRepository,
    RoleReader,
    RoleRepository,
    ServiceReader,
    ServiceRepository,
    SessionReader,
    SessionRepository,
    UserReader,
    UserRepository,
)
from doorward.application.ports.sign_in_codes import SignInCodeRepository
from doorward.application.ports.user_pages import UserPages
from doorward.domain.change_feed.change import Change


class LeaseRepository(Protocol):
    """Leases decide which node does a task. Unlike a lock, a lease outlives the transaction and ends at a time."""

    async def take(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """Return True if `holder` now has the lease `name` until `until`.

        The lease is taken if it is free, has expired, or belongs to `holder` already. It is also taken from a holder
        whose end lies further in the future than any lease lasts, since the clock of that node was wrong. If several
        try at the same time, exactly one succeeds. Names of leases and holders are compared exactly.
        """
        ...

    async def give_up(self, name: str, holder: str) -> None:
        """End the lease `name` if `holder` has it."""
        ...


class LockName(StrEnum):
    """The named locks that transactions take."""

    ADMINS = "admins"
    """Transactions that could remove the last enabled admin run one after the other."""
    SIGNING_KEYS = "signing_keys"
    """Transactions that change the signing keys run one after the other."""


class LockRepository(Protocol):
    async def take(self, name: LockName) -> None:
        """Hold the lock until the transaction ends. Any other transaction that takes it, on any node, waits until then.
        Afterwards it reads what this transaction committed. A transaction may take a lock that it holds. Locks of
        different names, and leases of the same name, are independent of it."""
        ...


class Reading(Protocol):
    """Read-only access.

    Each read sees what is committed when it runs, also in the middle of the block. Nothing is written through a
    reading, which raises StorageUnavailable or TypeError.
    """

    @property
    def users(self) -> UserReader: ...
    @property
    def roles(self) -> RoleReader: ...
    @property
    def sessions(self) -> SessionReader: ...
    @property
    def services(self) -> ServiceReader: ...
    @property
    def attempts(self) -> AttemptReader: ...
    @property
    def keys(self) -> KeyReader: ...
    @property
    def changes(self) -> ChangeReader: ...
    @property
    def letters(self) -> LetterReader: ...
    @property
    def link_tokens(self) -> LinkTokenReader: ...
    @property
    def audit(self) -> AuditReader: ...
    @property
    def adoptions(self) -> AdoptionReader: ...
    @property
    def undo_links(self) -> UndoLinkReader: ...
    @property
    def profiles(self) -> ProfileReader: ...
    @property
    def invitations(self) -> InvitationReader: ...
    @property
    def deleted_users(self) -> DeletedUserReader: ...
    @property
    def user_pages(self) -> UserPages: ...
    @property
    def heartbeats(self) -> HeartbeatReader: ...
    @property
    def nodes(self) -> NodeReader: ...
    @property
    def agreed_settings(self) -> AgreedSettingReader: ...


class Transaction(Protocol):
    """Reads and writes that are committed together or not at all.

    A transaction reads what it wrote. Nobody else reads it before the commit. A refusal does not end the transaction:
    what came before it and what comes after it are committed. A call that is refused changes nothing, except for
    `UserRepository.add_all`. TransactionConflict ends the transaction, which was rolled back and may be repeated
    (`application.transactions.retried`): another one changed the same, or the connection was lost.
    """

    @property
    def users(self) -> UserRepository: ...
    @property
    def roles(self) -> RoleRepository: ...
    @property
    def sessions(self) -> SessionRepository: ...
    @property
    def services(self) -> ServiceRepository: ...
    @property
    def attempts(self) -> AttemptRepository: ...
    @property
    def leases(self) -> LeaseRepository: ...
    @property
    def locks(self) -> LockRepository: ...
    @property
    def keys(self) -> KeyRepository: ...
    @property
    def changes(self) -> ChangeRepository: ...
    @property
    def letters(self) -> LetterRepository: ...
    @property
    def link_tokens(self) -> LinkTokenRepository: ...
    @property
    def audit(self) -> AuditRepository: ...
    @property
    def undo_links(self) -> UndoLinkRepository: ...
    @property
    def sign_in_codes(self) -> SignInCodeRepository: ...
    @property
    def adoptions(self) -> AdoptionRepository: ...
    @property
    def known_agents(self) -> KnownAgentsRepository: ...
    @property
    def profiles(self) -> ProfileRepository: ...
    @property
    def invitations(self) -> InvitationRepository: ...
    @property
    def deleted_users(self) -> DeletedUserRepository: ...
    @property
    def heartbeats(self) -> HeartbeatRepository: ...
    @property
    def nodes(self) -> NodeRepository: ...
    @property
    def agreed_settings(self) -> AgreedSettingRepository: ...


CommitListener = Callable[[Sequence[Change]], None]


class Lists(Protocol):
    """Where pages of lists are read, which need not have the newest changes. Every Storage is one."""

    def reading(self) -> AbstractAsyncContextManager[Reading]: ...


class Storage(Protocol):
    """A database, as use cases see it.

    A new storage contains the three built-in roles. If its server cannot be reached, is cut off or does not answer,
    every method raises StorageUnavailable within a limit. Waiting for another transaction has such a limit, too. No
    error of a driver or of the network is raised. The storage serves again as soon as its server does.
    StorageUnavailable and TransactionConflict have a `cause` for the log, which contains no values.
    """

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commit when the block ends. Roll back when it raises or its task is cancelled. Raise StorageUnavailable, and
        never TransactionConflict, when the outcome of the commit is unknown. If the block goes on after a
        StorageUnavailable, either commit all that it wrote, or raise. The caller does nothing slow inside."""
        ...

    def reading(self) -> AbstractAsyncContextManager[Reading]:
        """Open a Reading, whose block is no transaction. A block that is cancelled leaves no answer to a later one."""
        ...

    @property
    def reads_can_be_old(self) -> bool:
        """Whether a reading may see an earlier state than the last commit, as that of a replica does. False if all data
        are in one place. While it is False, nobody needs a heartbeat."""
        ...

    def distrust_reads_while(self, are_old: Callable[[], bool]) -> None:
        """Let each Reading that `reading` opens while `are_old` returns True see every commit that ended before."""
        ...

    def distrusts_reads(self) -> bool:
        """Return what `are_old` returns now; False if none was given, or if reads cannot be old."""
        ...

    def following(self) -> AbstractAsyncContextManager[Reading]:
        """Open a Reading that may be as old as those that are not distrusted. The caller reads the change feed and the
        heartbeat through it."""
        ...

    async def close(self) -> None:
        """Close every connection. The caller calls nothing else afterwards."""
        ...

    def on_commit(self, listener: CommitListener) -> None:
        """Call `listener` with the changes that each transaction of this storage announced, in their order.

        Every listener is called. The call happens after the commit. It happens before the block of the transaction is
        left, also when its task is cancelled during the commit. The changes are `certain` if they are committed, and
        not if the outcome of the commit is unknown. After a rollback there is no call.
        """
        ...
