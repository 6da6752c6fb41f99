import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from doorward.application.keys.list_signing_keys import ListSigningKeys
from doorward.application.keys.maintain_signing_keys import MaintainSigningKeys
from doorward.application.keys.rotate_signing_keys import RotateSigningKeys
from doorward.domain.errors import InvalidKey
from doorward.domain.keys.rotation import PUBLICATION_PERIOD, KeyRotation
from doorward.domain.keys.signing_key import KeyState, SigningKey, may_have_signed, signing_at, state_of
from support.builders import House
from support.doubles import NOON, PlainSealer
from support.stored import put

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


async def test_by_hand_the_next_key_signs_in_a_day_and_is_known_until_then() -> None:
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
    assert house.log.of("signing_key_added") == [{"kid": made.kid, "algorithm": "EdDSA"}]


async def test_by_hand_it_can_be_sooner() -> None:
    house = House()
    await put(house.storage, key("first"))
    soon = await rotator(house)(NOON + HOUR, timedelta(seconds=2))
    assert soon.signs_from == NOON + HOUR + timedelta(seconds=2)
    assert signing_at(await stored(house), soon.signs_from) == soon


async def test_where_a_key_does_not_open_none_is_added() -> None:
    house = House()
    await put(house.storage, replace(key("first"), sealed=b"under another secret"))
    with pytest.raises(InvalidKey):
        await rotator(house)(NOON)
    await maintainer(house)(NOON + 365 * DAY)
    assert len(await stored(house)) == 1
    assert house.log.of("signing_key_added") == []
    assert [sorted(event) for event in house.log.of("signing_key_rotation_failed")] == [["reason"]]


async def test_the_next_key_is_published_a_day_before_the_last_one_is_old() -> None:
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


async def test_a_service_that_was_off_for_long_publishes_first_all_the_same() -> None:
    """TK-21."""
    house = House()
    await put(house.storage, key("first"))
    await maintainer(house)(NOON + 1000 * DAY)
    _, made = await stored(house)
    assert made.signs_from == NOON + 1001 * DAY
    assert signing_at(await stored(house), NOON + 1000 * DAY) == key("first")


async def test_nodes_that_do_it_at_once_make_one_key() -> None:
    house = House()
    await put(house.storage, key("first"))
    await asyncio.gather(*(maintainer(house)(NOON + 90 * DAY) for _ in range(5)))
    assert len(await stored(house)) == 2
    assert len(house.log.of("signing_key_added")) == 1


async def test_keys_never_take_turns_when_the_operator_says_so() -> None:
    house = House()
    await put(house.storage, key("first"))
    await maintainer(house, KeyRotation(period=None))(NOON + 9999 * DAY)
    assert await stored(house) == [key("first")]


async def test_without_any_key_none_is_made_here() -> None:
    """A start makes the first one."""
    house = House()
    await maintainer(house)(NOON)
    assert await stored(house) == []


async def test_what_is_gone_is_forgotten_and_what_may_still_verify_is_not() -> None:
    """TK-21."""
    house = House()
    first, second, third = keys = [key("first"), key("second", NOON + HOUR), key("third", NOON + 2 * HOUR)]
    await put(house.storage, *keys)
    now = NOON + 2 * HOUR + timedelta(minutes=10)
    assert [state_of(each, keys, now) for each in keys] == [KeyState.GONE, KeyState.RETIRING, KeyState.ACTIVE]
    await asyncio.gather(*(maintainer(house)(now) for _ in range(3)))
    assert await stored(house) == [second, third]
    assert house.log.of("signing_key_forgotten") == [{"kid": first.kid, "algorithm": "ES256"}]


async def test_a_row_that_opens_for_nobody_makes_no_key_gone() -> None:
    """Else whoever can write a row could take the signing key away."""
    house = House()
    lost = replace(key("lost", NOON + HOUR), sealed=b"under another secret")
    await put(house.storage, key("first"), lost)
    await maintainer(house)(NOON + DAY)
    assert await stored(house) == [key("first"), lost]


async def test_rotated_day_after_day_every_token_is_good_until_it_expires() -> None:
    """TK-21: a month of daily rotation, looked at every half an hour; a token is checked when it is about to expire."""
    house = House()
    maintain = maintainer(house, KeyRotation(period=DAY))
    await put(house.storage, key("first"))
    signed: SigningKey | None = None
    now = NOON
    for _ in range(2 * 24 * 30):
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
