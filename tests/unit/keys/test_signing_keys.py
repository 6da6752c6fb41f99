import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from doorward.application.keys.add_signing_key import AddSigningKey
from doorward.application.keys.ensure_signing_key import EnsureSigningKey
from doorward.application.keys.list_signing_keys import ListSigningKeys
from doorward.application.keys.reseal_signing_keys import ResealSigningKeys
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.access.principal import MAX_ACCESS_TOKEN_LIFETIME
from doorward.domain.change_feed.change import Change, Subject
from doorward.domain.errors import InvalidKey, KeyExists
from doorward.domain.keys.rotation import PUBLICATION_PERIOD, KeyRotation
from doorward.domain.keys.signing_key import (
    CLOCK_TOLERANCE,
    PROPAGATION_TIME,
    KeyState,
    SigningKey,
    may_have_signed,
    signing_at,
    signing_start,
    state_of,
)
from doorward.testing.doubles import NOON, PlainSealer
from doorward.testing.storage_access import announced, put
from support.house import House

MOMENT = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)


def key(kid: str, signs_from: timedelta = timedelta()) -> SigningKey:
    return PlainSealer().seal(kid.encode(), NOON, NOON + signs_from)


FIRST, SECOND_KEY, THIRD = KEYS = (key("c"), key("b", 60 * SECOND), key("a", 120 * SECOND))


def ensurer(house: House) -> EnsureSigningKey:
    return EnsureSigningKey(house.storage, PlainSealer(), KeyRotation(), house.log)


async def stored(house: House) -> list[SigningKey]:
    return list(await ListSigningKeys(house.storage)())


async def test_nodes_that_start_together_make_one_key() -> None:
    house = House()
    await asyncio.gather(*(ensurer(house)(NOON) for _ in range(10)))
    (made,) = await stored(house)
    assert house.log.of(SecurityEvent.SIGNING_KEY_ADDED) == [{"kid": made.kid, "algorithm": "ES256"}]


async def test_the_first_key_has_the_configured_algorithm() -> None:
    house = House()
    await EnsureSigningKey(house.storage, PlainSealer(), KeyRotation(algorithm="RS256"), house.log)(NOON)
    assert [made.algorithm for made in await stored(house)] == ["RS256"]


async def test_an_added_key_signs_once_every_service_can_have_read_it() -> None:
    """TK-21."""
    house = House()
    await ensurer(house)(NOON)
    add = AddSigningKey(house.storage, PlainSealer(), house.log)
    own = await add(b"own", NOON + SECOND)
    keys = await stored(house)
    assert signing_at(keys, NOON + SECOND + PUBLICATION_PERIOD - MOMENT) == keys[0]
    assert signing_at(keys, NOON + SECOND + PUBLICATION_PERIOD) == own
    with pytest.raises(KeyExists):
        await add(b"own", NOON)
    with pytest.raises(InvalidKey):
        await add(b"", NOON)


async def test_the_first_key_of_all_signs_at_once_even_if_it_was_to_wait() -> None:
    """Otherwise it would sign before its time, and its tokens would be refused as soon as an earlier key is added."""
    house = House()
    own = await AddSigningKey(house.storage, PlainSealer(), house.log)(b"own", NOON)
    assert own.signs_from == NOON


def test_an_added_key_signs_after_the_present_one_even_if_a_clock_is_behind() -> None:
    assert signing_start([FIRST], NOON - 5 * SECOND, timedelta()) > FIRST.signs_from
    assert signing_start(KEYS, NOON + 10 * SECOND, timedelta()) == NOON + 10 * SECOND


def test_without_any_key_nothing_signs() -> None:
    assert signing_at((), NOON) is None


def test_when_all_keys_are_in_the_future_the_earliest_signs() -> None:
    """The clock was set back, and sign-in continues."""
    early = NOON - SECOND
    assert signing_at(KEYS, early) == FIRST
    assert may_have_signed(FIRST, KEYS, early)
    assert not may_have_signed(SECOND_KEY, KEYS, early)
    assert [state_of(each, KEYS, early) for each in KEYS] == [KeyState.ACTIVE, KeyState.NEXT, KeyState.NEXT]


def test_a_key_may_have_signed_from_its_start_until_the_start_of_its_successor() -> None:
    for mine, successor in ((FIRST, SECOND_KEY), (SECOND_KEY, THIRD)):
        assert may_have_signed(mine, KEYS, mine.signs_from)
        assert may_have_signed(mine, KEYS, successor.signs_from + PROPAGATION_TIME - MOMENT)
        assert not may_have_signed(mine, KEYS, successor.signs_from + PROPAGATION_TIME)
    assert not may_have_signed(SECOND_KEY, KEYS, SECOND_KEY.signs_from - MOMENT)
    assert may_have_signed(THIRD, KEYS, THIRD.signs_from + timedelta(days=9999))


def test_of_two_keys_with_the_same_start_one_signs() -> None:
    twins = (key("x"), key("y"))
    assert signing_at(twins, NOON) == twins[1]
    assert may_have_signed(twins[1], twins, NOON + PROPAGATION_TIME)
    assert not may_have_signed(twins[0], twins, NOON + PROPAGATION_TIME)
    assert [state_of(each, twins, NOON) for each in twins] == [KeyState.RETIRING, KeyState.ACTIVE]


def test_a_key_is_next_then_active_then_retiring_then_gone() -> None:
    """TK-21: it is gone only when the last token that it may have signed has expired."""
    begins, ends = SECOND_KEY.signs_from, THIRD.signs_from
    last_token_out = ends + PROPAGATION_TIME + MAX_ACCESS_TOKEN_LIFETIME
    for moment, state in (
        (begins - MOMENT, KeyState.NEXT),
        (begins, KeyState.ACTIVE),
        (ends - MOMENT, KeyState.ACTIVE),
        (ends, KeyState.RETIRING),
        (last_token_out, KeyState.RETIRING),
        (last_token_out + CLOCK_TOLERANCE, KeyState.GONE),
    ):
        assert state_of(SECOND_KEY, KEYS, moment) is state


def test_the_last_key_is_never_gone() -> None:
    assert state_of(THIRD, KEYS, NOON + timedelta(days=9999)) is KeyState.ACTIVE


async def test_no_key_is_added_under_another_master_secret() -> None:
    """Otherwise the next start would find keys of two secrets, and no secret that opens both."""
    house = House()
    await put(house.storage, replace(FIRST, sealed=b"under another secret"))
    with pytest.raises(InvalidKey, match="sealed elsewhere"):
        await AddSigningKey(house.storage, PlainSealer(), house.log)(b"own", NOON)
    assert [each.kid for each in await stored(house)] == [FIRST.kid]
    assert house.log.of(SecurityEvent.SIGNING_KEY_ADDED) == []


async def test_keys_of_the_previous_secret_are_resealed_once_and_announced() -> None:
    """ST-05: also when many nodes start with the new secret at the same time."""
    house = House()
    lost = replace(THIRD, sealed=b"under another secret")
    await put(house.storage, replace(FIRST, sealed=b"before:" + FIRST.sealed), SECOND_KEY, lost)
    before = len(await announced(house.storage))
    await asyncio.gather(*(ResealSigningKeys(house.storage, PlainSealer(), house.log)() for _ in range(5)))
    assert await stored(house) == [FIRST, SECOND_KEY, lost]
    assert (await announced(house.storage))[before:] == [Change(Subject.KEYS)]
    assert house.log.of(SecurityEvent.SIGNING_KEY_RESEALED) == [{"kid": FIRST.kid, "algorithm": "ES256"}]
