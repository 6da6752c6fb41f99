from datetime import timedelta
from typing import NoReturn

from doorward.application.keys.maintain_signing_keys import MaintainSigningKeys
from doorward.application.maintenance import LEASE_DURATION, Maintenance, RecurringWork
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.sessions.prune_sessions import PruneSessions
from doorward.domain.keys.rotation import KeyRotation
from doorward.domain.sessions.session import SessionPolicy
from doorward.testing.doubles import NOON, PlainSealer
from doorward.testing.storage_access import put
from support.house import House


def maintenance(house: House, sealer: PlainSealer | None = None) -> Maintenance:
    maintain_keys = MaintainSigningKeys(house.storage, sealer or PlainSealer(), KeyRotation(), house.log)
    work = RecurringWork(
        {"rotate_keys": maintain_keys, "prune_sessions": PruneSessions(house.storage, house.policy, house.log)}
    )
    return Maintenance(house.storage, work, house.clock, house.log)


async def test_one_node_at_a_time_works_until_its_lease_ends() -> None:
    """RF-14."""
    house = House()
    first, second = maintenance(house), maintenance(house)
    assert await first.once()
    assert not await second.once()
    house.clock.move(LEASE_DURATION.total_seconds() - 1)
    assert await first.once()
    house.clock.move(LEASE_DURATION.total_seconds())
    assert await second.once()
    assert not await first.once()


async def test_expired_sessions_are_deleted_and_others_stay() -> None:
    """RF-14."""
    house = House()
    await house.with_user("ada")
    expired = await house.signed_in("ada")
    house.clock.move(timedelta(days=13).total_seconds())
    active = await house.signed_in("ada")
    house.clock.move(timedelta(days=1, seconds=1).total_seconds())
    await maintenance(house).once()
    assert await house.session(expired.session.id) is None
    assert await house.session(active.session.id) is not None
    assert house.log.of(SecurityEvent.SESSIONS_PRUNED) == [{"count": 1}]


async def test_a_failure_of_one_kind_of_work_does_not_stop_the_others() -> None:
    house = House(policy=SessionPolicy(idle=timedelta(hours=1)))
    await house.with_user("ada")
    expired = await house.signed_in("ada")
    house.clock.move(3601)
    await put(house.storage, PlainSealer().generate(NOON - timedelta(days=90)))
    await maintenance(house, FailingSealer()).once()
    assert await house.session(expired.session.id) is None
    assert house.log.of(SecurityEvent.MAINTENANCE_FAILED) == [{"reason": "ZeroDivisionError", "work": "rotate_keys"}]


class FailingSealer(PlainSealer):
    def generate(self, *_: object) -> NoReturn:
        raise ZeroDivisionError
