"""How long entries are kept, and how pages of them are read."""

from datetime import timedelta

from doorward.application.audit.list_audit import ListAudit
from doorward.application.audit.prune_audit import PruneAudit
from doorward.application.ports.audit import AuditQuery
from doorward.domain.access.actor import OPERATOR
from doorward.domain.audit.retention import AuditRetention
from support.house import House

YEAR = timedelta(days=365)


async def with_entries(house: House, count: int) -> None:
    """Let an entry be made each day."""
    ada = await house.with_user()
    for _ in range(count):
        await house.end_all(ada.id, OPERATOR)
        house.clock.move(timedelta(days=1).total_seconds())


async def test_entries_are_deleted_when_their_time_is_over() -> None:
    house = House()
    await with_entries(house, 3)
    prune = PruneAudit(house.storage, AuditRetention(YEAR))
    house.clock.move((YEAR - timedelta(days=3)).total_seconds())
    assert await prune(house.clock.now()) == 0
    house.clock.move(1)
    assert await prune(house.clock.now()) == 1
    house.clock.move(timedelta(days=1).total_seconds())
    assert await prune(house.clock.now()) == 1
    assert [entry.number for entry in house.database.tables.audit_entries] == [3]


async def test_without_a_period_entries_are_kept_for_ever() -> None:
    house = House()
    await with_entries(house, 2)
    assert await PruneAudit(house.storage, AuditRetention(None))(house.clock.now() + 100 * YEAR) == 0


async def test_a_page_says_where_the_next_one_begins() -> None:
    """AD-04."""
    house = House()
    await with_entries(house, 5)
    entries = ListAudit(house.storage)
    first = await entries(AuditQuery(), limit=3)
    second = await entries(AuditQuery(), first.after, limit=3)
    assert [record.sealed.number for page in (first, second) for record in page.records] == [5, 4, 3, 2, 1]
    assert second.after is None
    assert len((await entries(AuditQuery(), limit=0)).records) == 1
