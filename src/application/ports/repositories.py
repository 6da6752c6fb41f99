"""The ports of the stored entities, which `ports/storage.py` puts together."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from doorward.domain.access.decision import Access
from doorward.domain.access.role import Role, RoleName
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import SequencedChange, SpanCount
from doorward.domain.ids import SessionId, UserId
from doorward.domain.keys.signing_key import SigningKey
from doorward.domain.services.service import Service, ServiceId
from doorward.domain.sessions.refresh_token import RefreshTokenHash
from doorward.domain.sessions.session import Session, SessionPolicy


class UserReader(Protocol):
    """Reads accounts.

    Accounts that were deleted and are kept are not found, except by `taken`. Keys are compared exactly: no collation
    makes two of them equal. Texts are only compared and stored, and never run.
    """

    async def get(self, user_id: UserId) -> User | None:
        """Return the account with this id and its roles, or None."""
        ...

    async def by_login(self, key: str) -> User | None:
        """Return the account whose username key is `key`. If there is none, return the one whose email key or alias key
        it is."""
        ...

    async def taken(
        self, username_keys: Sequence[str], email_keys: Sequence[str]
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Return which of these keys (any number) are in use: of the username keys, and of the email keys."""
        ...

    async def aliases_taken(self, alias_keys: Sequence[str]) -> frozenset[str]:
        """Return which of these keys of aliases (any number) are in use."""
        ...

    async def access_of(self, user_ids: Sequence[UserId]) -> Mapping[UserId, Access]:
        """Return what authorization needs to know of these accounts (any number). Unknown accounts are left out."""
        ...

    async def count_enabled(self, role: RoleName, now: datetime) -> int:
        """Return the number of accounts that have the role and are enabled at that time, as committed by now (see
        `LockName.ADMINS`)."""
        ...


class UserRepository(UserReader, Protocol):
    """Reads and changes accounts.

    Each of `save`, `delete`, `grant` and `revoke` announces the account in the change feed within the same transaction.
    A call that changes nothing is not announced.
    """

    async def add(self, user: User) -> None:
        """Add the account with its roles. Raise UsernameTaken when its username or its alias is in use. Raise
        EmailTaken when only its email is. Raise TransactionConflict when its id is. Raise RoleMissing when one of its
        roles does not exist."""
        ...

    async def add_all(self, users: Sequence[User]) -> None:
        """Add any number of accounts, and announce nothing. Raise what `add` raises when one of them cannot be added.
        The caller that commits all the same cannot know which of the others were added."""
        ...

    async def save(self, user: User) -> None:
        """Save everything but the roles. The stored version becomes `user.version + 1`. Raise UsernameTaken or
        EmailTaken as `add` does. Raise TransactionConflict when the account was saved or deleted since it was read."""
        ...

    async def delete(self, user_id: UserId) -> bool:
        """Delete the account for good, with its grants and sessions. Its letters, links, code, known user agents and
        profile go, too. So does the key of its audit entries. Return whether it existed. The end of the sessions is
        announced as one change, of the epoch after the account's last."""
        ...

    async def lock(self, user_id: UserId) -> User | None:
        """Return the account and hold it until the transaction ends. Another transaction that locks or changes it
        waits. What is read is what the others have committed."""
        ...

    async def grant(self, user_id: UserId, role: RoleName, now: datetime) -> bool:
        """Return False if the account had the role already. Raise RoleMissing if there is no such role, and
        AccountMissing if there is no such account."""
        ...

    async def revoke(self, user_id: UserId, role: RoleName) -> bool:
        """Return False if the account did not have the role."""
        ...


class RoleReader(Protocol):
    """Reads roles.

    Names of roles are compared exactly.
    """

    async def all(self) -> Sequence[Role]:
        """Return all roles in the order of their names."""
        ...

    async def get(self, name: RoleName) -> Role | None:
        """Return the role with this name, or None."""
        ...


class RoleRepository(RoleReader, Protocol):
    async def put(self, role: Role) -> bool:
        """Add the role, or change its description. Return True if it was added."""
        ...

    async def remove(self, name: RoleName) -> bool:
        """Remove the role with every grant of it, and return whether it existed. It is announced as one change of
        `roles`."""
        ...


class SessionReader(Protocol):
    """Reads sessions, and leaves it to their policy whether one has expired.

    Sessions are stored until they are ended or pruned.
    """

    async def get(self, session_id: SessionId) -> Session | None:
        """Return the session with this id, or None."""
        ...

    async def with_user(self, session_id: SessionId) -> tuple[Session, User] | None:
        """Return the session and its account, as they are at one moment."""
        ...

    async def of_user(self, user_id: UserId) -> Sequence[Session]:
        """Return the sessions of the account, the latest sign-in first."""
        ...


class SessionRepository(SessionReader, Protocol):
    """Reads, opens and ends sessions.

    Opening and pruning sessions is not announced. Transactions that open or end sessions of the same account run one
    after another, because each of them holds the account (`UserRepository.lock`). The caller that locks accounts and
    sessions locks the accounts first.
    """

    async def add(self, session: Session) -> None:
        """Store the session. Raise AccountMissing if there is no such account."""
        ...

    async def rotate(
        self,
        session_id: SessionId,
        presented: RefreshTokenHash,
        successor: RefreshTokenHash,
        policy: SessionPolicy,
        now: datetime,
    ) -> bool:
        """Store what `Session.rotated` returns. Return True if `presented` was the token of the session and the session
        has not expired. Of many transactions that rotate the same token at once, exactly one succeeds; the others see
        its result. Hashes are compared exactly. A rotation is not announced."""
        ...

    async def keep_token(
        self, session_id: SessionId, presented: RefreshTokenHash, policy: SessionPolicy, now: datetime
    ) -> bool:
        """Store what `Session.token_kept` returns. Return True if `presented` was the token of the session and the
        session has not expired. Return False if a token of the session was ever rotated."""
        ...

    async def lock(self, session_id: SessionId) -> Session | None:
        """Return the session and hold it until the transaction ends. Another transaction that locks, rotates or ends it
        waits. What is read is what the others have committed."""
        ...

    async def end(self, sessions: Sequence[Session]) -> int:
        """Delete these sessions of one account (any number) and return how many of them still existed. Announce one
        change of `sessions` for each of those."""
        ...

    async def end_all(self, user_id: UserId, epoch: int) -> int:
        """Delete all sessions of the account, which continues in this epoch, and return how many there were. It is
        announced as one change, even if there were none, because access tokens of earlier epochs may still be valid."""
        ...

    async def revoke_tokens(self, user_id: UserId, epoch: int) -> None:
        """Announce that the account continues in this epoch. Its sessions are kept."""
        ...

    async def prune(self, unused_since: datetime, limit: int) -> int:
        """Delete at most `limit` sessions that were last used before that time, to the precision of a day, and return
        how many."""
        ...


class ServiceReader(Protocol):
    async def all(self) -> Sequence[Service]:
        """Return all services in the order of their names."""
        ...

    async def get(self, service_id: ServiceId) -> Service | None:
        """Return the service with exactly this id, or None."""
        ...


class ServiceRepository(ServiceReader, Protocol):
    async def add(self, service: Service) -> None:
        """Raise ServiceExists when its name is in use."""
        ...

    async def remove(self, service_id: ServiceId) -> bool:
        """Return False if there was no such service. Its name is free afterwards. A change of `services` is
        announced."""
        ...


class KeyReader(Protocol):
    """Reads signing keys.

    Ids of keys are compared exactly.
    """

    async def all(self) -> Sequence[SigningKey]:
        """Return all keys in the order in which they sign."""
        ...


class KeyRepository(KeyReader, Protocol):
    async def add(self, key: SigningKey) -> None:
        """Add the key, and announce a change of `keys`. Raise KeyExists if there is one with its id."""
        ...

    async def save(self, key: SigningKey) -> bool:
        """Save how the key is sealed and from when it signs, and return whether it existed. Announce a change of `keys`
        if it did."""
        ...

    async def remove(self, kid: str) -> bool:
        """Return whether the key existed. Announce a change of `keys` if it did."""
        ...


class ChangeReader(Protocol):
    """Reads the change feed.

    Sequence numbers are positive, and each is used once. A number may become visible before a smaller one. Changes are
    dated by the clock of the storage when they are announced.
    """

    async def counts(self, since: datetime) -> Sequence[SpanCount]:
        """Return for each span of numbers how many changes were announced at that time or later, in any order. A span
        that has none is left out."""
        ...

    async def between(self, first: int, last: int, since: datetime) -> Sequence[SequencedChange]:
        """Return the changes with the numbers from `first` to `last` that were announced at that time or later, in any
        order."""
        ...

    async def latest(self, count: int) -> Sequence[SequencedChange]:
        """Return the `count` changes that were announced last, ascending by time. Changes of the same time are
        ascending by number."""
        ...

    async def ended_since(self, moment: datetime, after: int, limit: int) -> Sequence[SequencedChange]:
        """Return at most `limit` changes of `sessions`, in the order of `latest`. They were announced later than that
        moment, or at that moment with a number greater than `after`."""
        ...


class ChangeRepository(ChangeReader, Protocol):
    async def prune(self, before: datetime, limit: int) -> int:
        """Delete at most `limit` changes older than `before`, never the latest one, and return how many."""
        ...
