from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import final

from doorward.application.accounts.account_entries import AccountEntry, EntryRules, Findings, Problem, batches
from doorward.application.ports.security import PasswordHasher, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.accounts.user import User
from doorward.domain.errors import (
    DomainError,
    EmailTaken,
    ImportRefused,
    ImportStopped,
    Invalid,
    StorageUnavailable,
    UsernameTaken,
)
from doorward.domain.ids import UserId, uuid7

BATCH = 500
NO_ID = UserId(uuid7(datetime.fromtimestamp(0, UTC)))

Entries = Iterable[AccountEntry | Problem]
"""Gone through twice, so no iterator. A Problem stands for a line that could not be read."""


@dataclass(frozen=True, slots=True)
class ImportProgress:
    checked: int = 0
    """The last line that was looked at."""
    stored: int = 0
    """The last line that is in the database, with all before it."""
    imported: int = 0
    skipped: int = 0


@final
@dataclass(frozen=True, slots=True)
class ImportUsers:
    """The operator brings accounts along, with the hashes of their passwords. All are checked before the first is
    added, so that only what stops it half-way leaves a part behind: a crash, Ctrl-C, a database that goes away, or
    somebody who takes one of the names meanwhile."""

    storage: Storage
    hasher: PasswordHasher
    log: SecurityLog

    async def __call__(
        self,
        entries: Entries,
        now: datetime,
        *,
        by: str,
        skip_existing: bool = False,
        told: Callable[[ImportProgress], None] = lambda _: None,
    ) -> ImportProgress:
        """Raise ImportRefused, upon which nothing was added, or ImportStopped. With `skip_existing` an account whose
        username or email is in use is left as it is: what stopped can be run again. `told` hears of each batch."""
        async with self.storage.reading() as reading:
            rules = EntryRules(self.hasher, {role.name for role in await reading.roles.all()}, now)
        existing = await self._checked(entries, rules, told, skip_existing=skip_existing)
        progress, event = ImportProgress(), SecurityEvent.USERS_IMPORT_FAILED
        try:
            for number, batch in enumerate(batches(entries, BATCH)):
                moment = now + timedelta(milliseconds=number)  # so that the ids, too, grow from batch to batch
                progress = await self._stored(batch, existing, rules, moment, progress)
                told(progress)
            event = SecurityEvent.USERS_IMPORTED
        finally:
            self.log.record(event, by=by, imported=progress.imported, skipped=progress.skipped)
        return progress

    async def _checked(
        self, entries: Entries, rules: EntryRules, told: Callable[[ImportProgress], None], *, skip_existing: bool
    ) -> set[int]:
        """Lines of accounts that are there already. Raise ImportRefused."""
        found, in_use = Findings(), False
        for batch in batches(entries, BATCH):
            good, wrong = read(batch, rules)
            for line, user in good.items():
                if repetition := found.repeated(line, user):
                    wrong.setdefault(line, repetition)
            taken = await self._taken(good)
            if skip_existing:
                found.existing.update(taken)
            else:
                wrong = taken | wrong
                in_use = in_use or bool(taken)
            found.add(wrong)
            told(ImportProgress(checked=batch[-1].line))
        if found.wrong:
            raise ImportRefused(found.wrong, found.more, in_use=in_use)
        return found.existing

    async def _taken(self, users: dict[int, User]) -> dict[int, str]:
        keys = [user.username.key for user in users.values()], [user.email.key for user in users.values()]
        async with self.storage.reading() as reading:
            named, reachable = await reading.users.taken(*keys)
        names = {line: UsernameTaken.text for line, user in users.items() if user.username.key in named}
        return {line: EmailTaken.text for line, user in users.items() if user.email.key in reachable} | names

    async def _stored(
        self,
        batch: Sequence[AccountEntry | Problem],
        existing: set[int],
        rules: EntryRules,
        moment: datetime,
        before: ImportProgress,
    ) -> ImportProgress:
        fresh = [entry for entry in batch if entry.line not in existing]
        ids = sorted(UserId(uuid7(moment)) for _ in fresh)
        last = batch[-1].line
        try:
            users = [account(entry, rules, user_id) for entry, user_id in zip(fresh, ids, strict=True)]
            if users:
                await self._add(users)
        except DomainError as error:
            raise stopped(before, last, error) from error
        return replace(
            before,
            stored=last,
            imported=before.imported + len(users),
            skipped=before.skipped + len(batch) - len(fresh),
        )

    @retried
    async def _add(self, users: Sequence[User]) -> None:
        async with self.storage.transaction() as tx:
            await tx.users.add_all(users)


def read(batch: Iterable[AccountEntry | Problem], rules: EntryRules) -> tuple[dict[int, User], dict[int, str]]:
    """The accounts by their lines, and what is wrong with the other lines."""
    good, wrong = dict[int, User](), dict[int, str]()
    for entry in batch:
        try:
            good[entry.line] = account(entry, rules, NO_ID)
        except Invalid as error:
            wrong[entry.line] = str(error)
    return good, wrong


def account(entry: AccountEntry | Problem, rules: EntryRules, user_id: UserId) -> User:
    """Raise an Invalid."""
    if isinstance(entry, Problem):
        raise Invalid(entry.text)
    return rules.account(entry, user_id)


def stopped(before: ImportProgress, last: int, error: DomainError) -> ImportStopped:
    """While a batch was added that ends with line `last`."""
    known = f"the accounts up to line {before.stored} are in the database" if before.stored else "nothing was imported"
    if isinstance(error, StorageUnavailable):
        return ImportStopped(f"{error} Before that, {known}; whether those up to line {last} are, nobody knows.")
    return ImportStopped(f"{error} Before that, {known}.")
