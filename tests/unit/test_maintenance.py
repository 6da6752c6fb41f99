from datetime import datetime, timedelta

from doorward.application.keys.rotate_signing_keys import RotateSigningKeys
from doorward.application.maintenance import LEASE, Maintenance
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.sessions.prune_sessions import PruneSessions
from doorward.domain.keys.rotation import KeyRotation
from doorward.domain.sessions.session import SessionPolicy
from support.builders import House
from support.doubles import PlainSealer


def keeper(house: House) -> Maintenance:
    rotate = RotateSigningKeys(house.storage, PlainSealer(), KeyRotation(), house.log)
    return Maintenance(house.storage, PruneSessions(house.storage, house.policy), rotate, house.clock, house.log)


async def test_one_node_at_a_time_keeps_house_until_it_is_heard_of_no_more() -> None:
    """RF-14."""
    house = House()
    first, second = keeper(house), keeper(house)
    assert await first.once()
    assert not await second.once()
    house.clock.move(LEASE.total_seconds() - 1)
    assert await first.once()
    house.clock.move(LEASE.total_seconds())
    assert await second.once()
    assert not await first.once()


async def test_sessions_that_are_over_are_forgotten_and_others_stay() -> None:
    """RF-14."""
    house = House()
    await house.with_user("ada")
    over = await house.signed_in("ada")
    house.clock.move(timedelta(days=13).total_seconds())
    goes_on = await house.signed_in("ada")
    house.clock.move(timedelta(days=1, seconds=1).total_seconds())
    await keeper(house).once()
    assert await house.session(over.session.id) is None
    assert await house.session(goes_on.session.id) is not None
    assert house.log.of(SecurityEvent.SESSIONS_PRUNED) == [{"count": 1}]


async def test_what_fails_keeps_nothing_else_from_being_done() -> None:
    house = House(policy=SessionPolicy(idle=timedelta(hours=1)))
    await house.with_user("ada")
    over = await house.signed_in("ada")
    house.clock.move(3601)
    keeping = keeper(house)
    keeping._rotate = NoRotation()  # type: ignore[assignment]
    await keeping.once()
    assert await house.session(over.session.id) is None
    assert house.log.of(SecurityEvent.MAINTENANCE_FAILED) == [{"reason": "ZeroDivisionError", "work": "rotate_keys"}]


class NoRotation:
    async def when_due(self, now: datetime) -> None:
        raise ZeroDivisionError
