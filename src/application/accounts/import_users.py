from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import final

from doorward.application.accounts.account_entries import (
    PLACEHOLDER_ID,
    AccountEntry,
    EntryRules,
    Findings,
    Problem,
    batches,
)
from doorward.application.audit.account_change import account_created
from doorward.application.ports.security import PasswordHasher, SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.access.actor import OPERATOR, Operator
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

BATCH_SIZE = 500

Entries = Iterable[AccountEntry | Problem]
"""The entries are read twice, so an iterator is not enough. A Problem stands for a line that could not be read."""


@dataclass(frozen=True, slots=True)
class ImportProgress:
    checked: int = 0
    """The number of the last line that was checked."""
    stored: int = 0
    """The number of the last line that is in the database, with all lines before it."""
    imported: int = 0
    skipped: int = 0


@final
@dataclass(frozen=True, slots=True)
class ImportUsers:
    """Imports accounts with the hashes of their passwords.

    All lines are checked before the first account is added. A part of them is imported only if the import stops
    half-way: by a crash, Ctrl-C, a database that does not answer, or a name that somebody takes meanwhile.
    """

    storage: Storage
    hasher: PasswordHasher
    log: SecurityLog

    async def __call__(
        self,
        entries: Entries,
        now: datetime,
        *,
        by: Operator,
        skip_existing: bool = False,
        on_progress: Callable[[ImportProgress], None] = lambda _: None,
    ) -> ImportProgress:
        """Raise ImportRefused when nothing was added, or ImportStopped.

        With `skip_existing` an account whose username, email or id is in use is left as it is, so that an import that
        stopped can be repeated. `on_progress` is called after each batch.
        """
        async with self.storage.reading() as reading:
            rules = EntryRules(self.hasher, {role.name for role in await reading.roles.all()}, now)
        existing = await self._check(entries, rules, on_progress, skip_existing=skip_existing)
        progress, event = ImportProgress(), SecurityEvent.USERS_IMPORT_FAILED
        try:
            for number, batch in enumerate(batches(entries, BATCH_SIZE)):
                moment = now + timedelta(milliseconds=number)  # so that the ids grow from batch to batch, too
                progress = await self._store(batch, existing, rules, moment, progress)
                on_progress(progress)
            event = SecurityEvent.USERS_IMPORTED
        finally:
            self.log.record(event, by=by.log_name, imported=progress.imported, skipped=progress.skipped)
        return progress

    async def _check(
        self, entries: Entries, rules: EntryRules, on_progress: Callable[[ImportProgress], None], *, skip_existing: bool
    ) -> set[int]:
        """Return the lines whose accounts exist already. Raise ImportRefused."""
        findings, in_use = Findings(), False
        for batch in batches(entries, BATCH_SIZE):
            good, wrong = check_batch(batch, rules)
            for line, user in good.items():
                if repetition := findings.repeated(line, user):
                    wrong.setdefault(line, repetition)
            taken = await self._taken(good)
            if skip_existing:
                findings.existing.update(taken)
            else:
                wrong = taken | wrong
                in_use = in_use or bool(taken)
            findings.add(wrong)
            on_progress(ImportProgress(checked=batch[-1].line))
        if findings.wrong:
            raise ImportRefused(findings.wrong, findings.more, in_use=in_use)
        return findings.existing

    async def _taken(self, users: dict[int, User]) -> dict[int, str]:
        keys = [user.username.key for user in users.values()], [user.email.key for user in users.values() if user.email]
        async with self.storage.reading() as reading:
            named, reachable = await reading.users.taken(*keys)
            given = [user.id for user in users.values() if user.id != PLACEHOLDER_ID]
            known = {*await reading.users.access_of(given), *await reading.deleted_users.among(given)}
        ids = {line: "Id is already in use!" for line, user in users.items() if user.id in known}
        emails = {line: EmailTaken.text for line, user in users.items() if user.email and user.email.key in reachable}
        names = {line: UsernameTaken.text for line, user in users.items() if user.username.key in named}
        return ids | emails | names

    async def _store(
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
            raise import_stopped(before, last, error) from error
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
            await tx.audit.append(*(account_created(user, OPERATOR) for user in users))


def check_batch(batch: Iterable[AccountEntry | Problem], rules: EntryRules) -> tuple[dict[int, User], dict[int, str]]:
    """Return the accounts by their lines, and what is wrong with the other lines."""
    good, wrong = dict[int, User](), dict[int, str]()
    for entry in batch:
        try:
            good[entry.line] = account(entry, rules, PLACEHOLDER_ID)
        except Invalid as error:
            wrong[entry.line] = str(error)
    return good, wrong


def account(entry: AccountEntry | Problem, rules: EntryRules, user_id: UserId) -> User:
    """Return the account of an entry. Raise Invalid."""
    if isinstance(entry, Problem):
        raise Invalid(entry.text)
    return rules.account(entry, user_id)


def import_stopped(before: ImportProgress, last: int, error: DomainError) -> ImportStopped:
    """Return the refusal for an error while a batch was added that ends with line `last`."""
    known = f"the accounts up to line {before.stored} are in the database" if before.stored else "nothing was imported"
    if isinstance(error, StorageUnavailable):
        return ImportStopped(f"{error} Before that, {known}; whether those up to line {last} are, nobody knows.")
    return ImportStopped(f"{error} Before that, {known}.")
