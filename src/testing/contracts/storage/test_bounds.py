"""What is exactly at a bound, of a time or of a number."""

from datetime import timedelta

import pytest

from doorward.application.ports.attempts import AttemptRepository
from doorward.application.ports.audit import AuditEntry, AuditQuery, AuditRepository
from doorward.application.ports.repositories import ChangeRepository
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.ports.user_pages import UserPages
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import MODERATOR
from doorward.domain.accounts.attempts import AttemptCount, AttemptKey, LoginHash
from doorward.testing.builders import a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import grant, put

pytestmark = pytest.mark.asyncio(loop_scope="function")

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@proves(AttemptRepository.prune, "Delete at most", "Of those, keep")
async def test_counts_that_are_exactly_as_old_as_the_bound_are_kept(storage: Storage) -> None:
    few_at_the_bound = AttemptCount(attempts=1, first_at=NOON - HOUR, allowed_at=NOON)
    many_at_the_bound = AttemptCount(attempts=9, first_at=NOON - HOUR, allowed_at=NOON - MINUTE)
    async with storage.transaction() as tx:
        await tx.attempts.add(AttemptKey(LoginHash(b"1" * 32)), few_at_the_bound)
        await tx.attempts.add(AttemptKey(LoginHash(b"2" * 32)), many_at_the_bound)
        assert await tx.attempts.prune(NOON, NOON - HOUR, 2, 9) == 0
        assert await tx.attempts.prune(NOON + MINUTE, NOON - MINUTE, 2, 9) == 2


@proves(ChangeRepository.prune, "Delete at most")
async def test_changes_that_are_exactly_as_old_as_the_bound_are_kept(storage: Storage) -> None:
    users = [a_user(name) for name in ("ada", "bob")]
    await put(storage, *users)
    for user in users:
        await grant(storage, user, MODERATOR)
    async with storage.transaction() as tx:
        first, _ = await tx.changes.latest(2)
        assert await tx.changes.prune(first.at, 9) == 0
        assert await tx.changes.prune(first.at + MINUTE, 9) == 1


@proves(AuditRepository.prune, "Delete at most")
async def test_entries_that_are_exactly_as_old_as_the_bound_are_kept(storage: Storage) -> None:
    ada = a_user("ada")
    await put(storage, ada)
    async with storage.transaction() as tx:
        await tx.audit.append(AuditEntry(event=SecurityEvent.USER_UPDATED, by=OPERATOR, account=ada.id))
    async with storage.transaction() as tx:
        (entry,) = await tx.audit.page(AuditQuery(), None, 9)
        assert await tx.audit.prune(entry.sealed.at, 9) == 0
        assert await tx.audit.prune(entry.sealed.at + MINUTE, 9) == 1


@proves(UserPages, "A page has at most")
async def test_a_page_has_no_more_accounts_than_were_asked_for(storage: Storage) -> None:
    await put(storage, *map(a_user, ["ada", "bob", "carl"]))
    async with storage.reading() as reading:
        pages = reading.user_pages
        assert len(await pages.by_username("", None, 2)) == 2
        assert len(await pages.by_email("", None, 2)) == 2
        assert len(await pages.by_creation(None, 2, latest_first=True)) == 2
