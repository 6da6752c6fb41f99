import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from doorward.application.keys.list_signing_keys import ListSigningKeys
from doorward.application.keys.maintain_signing_keys import MaintainSigningKeys
from doorward.application.keys.rotate_signing_keys import RotateSigningKeys
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.errors import InvalidKey
from doorward.domain.keys.rotation import PUBLICATION_PERIOD, KeyRotation
from doorward.domain.keys.signing_key import KeyState, SigningKey, may_have_signed, signing_at, state_of
from doorward.testing.doubles import NOON, PlainSealer
from doorward.testing.storage_access import put
from support.house import House

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)
NINETY = KeyRotation()


def key(kid: str, signs_from: datetime = NOON) -> SigningKey:
    return PlainSealer().seal(kid.encode(), NOON, signs_from)


def rotator(house: House, rotation: KeyRotation = NINETY) -> RotateSigningKeys:
    return RotateSigningKeys(house.storage, PlainSealer(), rotation, house.log)


def maintainer(house: House, rotation: KeyRotation = NINETY) -> MaintainSigningKeys:
    return MaintainSigningKeys(house.storage, PlainSealer(), rotation, house.log)


async def stored(house: House) -> list[SigningKey]:
    return list(await ListSigningKeys(house.storage)())


async def test_a_rotation_by_hand_publishes_a_key_that_signs_after_a_day() -> None:
    """TK-21."""
    house = House()
    await put(house.storage, key("first"))
    made = await rotator(house, KeyRotation(algorithm="EdDSA"))(NOON + HOUR)
    assert (made.algorithm, made.created_at, made.signs_from) == (
        "EdDSA",
        NOON + HOUR,
        NOON + HOUR + PUBLICATION_PERIOD,
    )
    assert await stored(house) == [key("first"), made]
    assert state_of(made, await stored(house), NOON + HOUR) is KeyState.NEXT
    assert house.log.of(SecurityEvent.SIGNING_KEY_ADDED) == [{"kid": made.kid, "algorithm": "EdDSA"}]


async def test_a_rotation_by_hand_may_take_effect_earlier() -> None:
    house = House()
    await put(house.storage, key("first"))
    soon = await rotator(house)(NOON + HOUR, timedelta(seconds=2))
    assert soon.signs_from == NOON + HOUR + timedelta(seconds=2)
    assert signing_at(await stored(house), soon.signs_from) == soon


async def test_no_key_is_added_when_a_stored_key_does_not_open() -> None:
    house = House()
    await put(house.storage, replace(key("first"), sealed=b"under another secret"))
    with pytest.raises(InvalidKey):
        await rotator(house)(NOON)
    await maintainer(house)(NOON + 365 * DAY)
    assert len(await stored(house)) == 1
    assert house.log.of(SecurityEvent.SIGNING_KEY_ADDED) == []
    assert [sorted(event) for event in house.log.of(SecurityEvent.SIGNING_KEY_ROTATION_FAILED)] == [["reason"]]


async def test_the_next_key_is_published_a_day_before_the_period_of_the_last_one_ends() -> None:
    """TK-21."""
    house = House()
    await put(house.storage, key("first"))
    await maintainer(house)(NOON + 89 * DAY - MOMENT)
    assert await stored(house) == [key("first")]
    await maintainer(house)(NOON + 89 * DAY)
    _, made = await stored(house)
    assert made.signs_from == NOON + 90 * DAY
    await maintainer(house)(NOON + 89 * DAY + HOUR)
    assert len(await stored(house)) == 2


async def test_a_service_that_was_off_for_long_also_publishes_a_key_before_it_signs() -> None:
    """TK-21."""
    house = House()
    await put(house.storage, key("first"))
    await maintainer(house)(NOON + 1000 * DAY)
    _, made = await stored(house)
    assert made.signs_from == NOON + 1001 * DAY
    assert signing_at(await stored(house), NOON + 1000 * DAY) == key("first")


async def test_several_nodes_at_once_publish_one_key() -> None:
    house = House()
    await put(house.storage, key("first"))
    await asyncio.gather(*(maintainer(house)(NOON + 90 * DAY) for _ in range(5)))
    assert len(await stored(house)) == 2
    assert len(house.log.of(SecurityEvent.SIGNING_KEY_ADDED)) == 1


async def test_keys_are_not_rotated_when_the_operator_disabled_it() -> None:
    house = House()
    await put(house.storage, key("first"))
    await maintainer(house, KeyRotation(period=None))(NOON + 9999 * DAY)
    assert await stored(house) == [key("first")]


async def test_maintenance_does_not_make_the_first_key() -> None:
    """The start of the service makes it."""
    house = House()
    await maintainer(house)(NOON)
    assert await stored(house) == []


async def test_expired_keys_are_deleted_and_keys_that_may_still_verify_are_not() -> None:
    """TK-21."""
    house = House()
    first, second, third = keys = [key("first"), key("second", NOON + HOUR), key("third", NOON + 2 * HOUR)]
    await put(house.storage, *keys)
    now = NOON + 2 * HOUR + timedelta(minutes=10)
    assert [state_of(each, keys, now) for each in keys] == [KeyState.GONE, KeyState.RETIRING, KeyState.ACTIVE]
    await asyncio.gather(*(maintainer(house)(now) for _ in range(3)))
    assert await stored(house) == [second, third]
    assert house.log.of(SecurityEvent.SIGNING_KEY_FORGOTTEN) == [{"kid": first.kid, "algorithm": "ES256"}]


async def test_a_key_is_kept_for_as_long_as_its_longest_token() -> None:
    """TK-21: a day in the tutorial dialect."""
    house = House()
    keys = [key("first"), key("second", NOON + HOUR)]
    await put(house.storage, *keys)
    longest = KeyRotation(period=None, token_lifetime=DAY)
    await maintainer(house, longest)(NOON + HOUR + DAY)
    assert await stored(house) == keys
    await maintainer(house, longest)(NOON + HOUR + DAY + timedelta(minutes=2))
    assert await stored(house) == keys[1:]


async def test_a_row_that_no_node_opens_makes_no_key_expire() -> None:
    """Otherwise whoever can write a row could remove the signing key."""
    house = House()
    lost = replace(key("lost", NOON + HOUR), sealed=b"under another secret")
    await put(house.storage, key("first"), lost)
    await maintainer(house)(NOON + DAY)
    assert await stored(house) == [key("first"), lost]


async def test_under_daily_rotation_every_token_is_valid_until_it_expires() -> None:
    """TK-21: ten daily rotations, checked every half hour. Each token is verified just before it expires."""
    house = House()
    maintain = maintainer(house, KeyRotation(period=DAY))
    await put(house.storage, key("first"))
    signed: SigningKey | None = None
    now = NOON
    for _ in range(2 * 24 * 10):
        await maintain(now)
        keys = await stored(house)
        assert sum(state_of(each, keys, now) is KeyState.ACTIVE for each in keys) == 1
        assert len(keys) <= 3
        signer = signing_at(keys, now)
        assert signer is not None
        assert signer == signed or signer.created_at <= now - PUBLICATION_PERIOD or signer.kid == "first"
        later = now + timedelta(minutes=15)
        await maintain(later)
        assert may_have_signed(signer, await stored(house), now)
        assert signer in await stored(house)
        signed, now = signer, now + timedelta(minutes=30)
