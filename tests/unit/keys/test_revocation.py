import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from doorward.application.keys.list_signing_keys import ListSigningKeys
from doorward.application.keys.revoke_signing_key import RevokeSigningKey
from doorward.application.keys.rotate_signing_keys import RotateSigningKeys
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.errors import KeyMissing
from doorward.domain.keys.rotation import KeyRotation
from doorward.domain.keys.signing_key import SigningKey, may_have_signed, signing_at
from doorward.testing.doubles import NOON, PlainSealer
from doorward.testing.storage_access import put
from support.house import House

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def key(kid: str, signs_from: datetime) -> SigningKey:
    return PlainSealer().seal(kid.encode(), NOON, signs_from)


RETIRING, ACTIVE, NEXT = key("retiring", NOON - HOUR), key("active", NOON - SECOND), key("next", NOON + HOUR)


def revoker(house: House) -> RevokeSigningKey:
    return RevokeSigningKey(house.storage, PlainSealer(), KeyRotation(), house.log)


def lost(each: SigningKey) -> SigningKey:
    return replace(each, sealed=b"under another secret")


async def stored(house: House) -> Sequence[SigningKey]:
    return await ListSigningKeys(house.storage)()


async def test_a_revoked_key_is_deleted_at_once_and_logged() -> None:
    house = House()
    await put(house.storage, RETIRING, ACTIVE, NEXT)
    for gone in (NEXT, RETIRING):
        assert await revoker(house)(gone.kid, NOON) == ACTIVE
    assert await stored(house) == [ACTIVE]
    assert house.log.of(SecurityEvent.SIGNING_KEY_REVOKED) == [{"kid": "next"}, {"kid": "retiring"}]
    assert house.log.of(SecurityEvent.SIGNING_KEY_ADDED) == []
    with pytest.raises(KeyMissing):
        await revoker(house)(NEXT.kid, NOON)


async def test_a_retiring_key_signs_again_instead_of_the_revoked_active_key() -> None:
    """What it signs now is as valid as what it signed before its successor was added and revoked."""
    house = House()
    await put(house.storage, RETIRING, ACTIVE, NEXT)
    assert await revoker(house)(ACTIVE.kid, NOON) == RETIRING
    keys = await stored(house)
    assert keys == [RETIRING, NEXT]
    assert all(may_have_signed(RETIRING, keys, moment) for moment in (NOON - HOUR, NOON, NOON + HOUR - SECOND))
    assert signing_at(keys, NOON + HOUR) == NEXT


async def test_the_next_key_signs_at_once_instead_of_the_revoked_active_key() -> None:
    """What it signs early stays valid when a key is added later that signs before its original start."""
    house = House()
    await put(house.storage, ACTIVE, NEXT)
    signing = await revoker(house)(ACTIVE.kid, NOON)
    assert signing == replace(NEXT, signs_from=NOON)
    await RotateSigningKeys(house.storage, PlainSealer(), KeyRotation(), house.log)(NOON + SECOND, timedelta())
    keys = await stored(house)
    assert keys[0] == signing
    assert may_have_signed(keys[0], keys, NOON)
    assert signing_at(keys, NOON + SECOND) == keys[1]


async def test_a_fresh_key_signs_at_once_instead_of_the_revoked_only_key() -> None:
    """Sign-in continues."""
    house = House()
    await put(house.storage, ACTIVE, lost(NEXT))
    signing = await revoker(house)(ACTIVE.kid, NOON)
    assert signing is not None
    assert signing.signs_from == NOON
    assert await stored(house) == [signing, lost(NEXT)]
    assert house.log.of(SecurityEvent.SIGNING_KEY_ADDED) == [{"kid": signing.kid, "algorithm": "ES256"}]


async def test_a_key_that_does_not_open_is_deleted_and_not_replaced() -> None:
    """This happens when the command runs under another master secret than the service."""
    house = House()
    await put(house.storage, lost(ACTIVE))
    assert await revoker(house)(ACTIVE.kid, NOON) is None
    assert await stored(house) == []
    assert house.log.of(SecurityEvent.SIGNING_KEY_ADDED) == []


async def test_revoking_a_key_that_does_not_open_does_not_change_which_key_signs() -> None:
    house = House()
    await put(house.storage, RETIRING, lost(ACTIVE), NEXT)
    assert await revoker(house)(ACTIVE.kid, NOON) == RETIRING
    assert await stored(house) == [RETIRING, NEXT]


async def test_two_revocations_of_the_last_two_keys_at_once_leave_a_key_that_signs() -> None:
    house = House()
    await put(house.storage, RETIRING, ACTIVE)
    await asyncio.gather(*(revoker(house)(each.kid, NOON) for each in (RETIRING, ACTIVE)))
    (left,) = await stored(house)
    assert left.kid not in {RETIRING.kid, ACTIVE.kid}
    assert signing_at([left], NOON) == left
