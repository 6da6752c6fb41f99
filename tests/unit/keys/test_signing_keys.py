import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from application.keys.add_signing_key import KNOWN_EVERYWHERE, AddSigningKey
from application.keys.ensure_signing_key import EnsureSigningKey
from application.keys.list_signing_keys import ListSigningKeys
from application.keys.remove_signing_key import RemoveSigningKey
from builders import House
from domain.errors import InvalidKey, KeyExists, KeyMissing, LastSigningKey
from domain.keys.signing_key import LATE, SigningKey, may_have_signed, signing_at
from doubles import NOON, PlainSealer
from stored import put

MOMENT = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)


def key(kid: str, signs_from: timedelta = timedelta()) -> SigningKey:
    return PlainSealer().seal(kid.encode(), NOON, NOON + signs_from)


FIRST, SECOND_KEY, THIRD = KEYS = (key("c"), key("b", 60 * SECOND), key("a", 120 * SECOND))


def remover(house: House) -> RemoveSigningKey:
    return RemoveSigningKey(house.storage, PlainSealer(), house.log)


async def kids(house: House) -> list[str]:
    return [key.kid for key in await ListSigningKeys(house.storage)()]


async def test_nodes_that_start_together_make_one_key() -> None:
    house = House()
    ensure = EnsureSigningKey(house.storage, PlainSealer(), house.log)
    await asyncio.gather(*(ensure(NOON) for _ in range(10)))
    assert len(await ListSigningKeys(house.storage)()) == 1


async def test_a_key_of_the_operators_signs_once_every_node_knows_it() -> None:
    house = House()
    await EnsureSigningKey(house.storage, PlainSealer(), house.log)(NOON)
    add = AddSigningKey(house.storage, PlainSealer(), house.log)
    own = await add(b"own", NOON)
    keys = tuple(await ListSigningKeys(house.storage)())
    assert signing_at(keys, NOON + KNOWN_EVERYWHERE - timedelta(microseconds=1)) == keys[0]
    assert signing_at(keys, NOON + KNOWN_EVERYWHERE) == own
    with pytest.raises(KeyExists):
        await add(b"own", NOON)
    with pytest.raises(InvalidKey):
        await add(b"", NOON)


def test_without_a_key_nothing_signs() -> None:
    assert signing_at((), NOON) is None


def test_when_every_key_is_of_the_future_the_earliest_signs() -> None:
    """As after the clock was set back: sign-in goes on."""
    early = NOON - SECOND
    assert signing_at(KEYS, early) == FIRST
    assert may_have_signed(FIRST, KEYS, early)
    assert not may_have_signed(SECOND_KEY, KEYS, early)


def test_a_key_may_have_signed_from_its_time_until_its_successors() -> None:
    for mine, successor in ((FIRST, SECOND_KEY), (SECOND_KEY, THIRD)):
        assert may_have_signed(mine, KEYS, mine.signs_from)
        assert may_have_signed(mine, KEYS, successor.signs_from + LATE - MOMENT)
        assert not may_have_signed(mine, KEYS, successor.signs_from + LATE)
    assert not may_have_signed(SECOND_KEY, KEYS, SECOND_KEY.signs_from - MOMENT)
    assert may_have_signed(THIRD, KEYS, THIRD.signs_from + timedelta(days=9999))


def test_of_keys_that_begin_together_one_signs() -> None:
    twins = (key("x"), key("y"))
    assert signing_at(twins, NOON) == twins[1]
    assert may_have_signed(twins[1], twins, NOON + LATE)
    assert not may_have_signed(twins[0], twins, NOON + LATE)


async def test_under_another_secret_no_key_is_added() -> None:
    """Else the next start would find keys of two secrets, and no secret that opens both."""
    house = House()
    await put(house.storage, replace(FIRST, sealed=b"under another secret"))
    with pytest.raises(InvalidKey, match="sealed elsewhere"):
        await AddSigningKey(house.storage, PlainSealer(), house.log)(b"own", NOON)
    assert await kids(house) == [FIRST.kid]
    assert house.log.of("signing_key_added") == []


async def test_a_key_is_removed_and_the_log_tells() -> None:
    house = House()
    await put(house.storage, *KEYS)
    await remover(house)(THIRD.kid, NOON + 120 * SECOND)
    await remover(house)(FIRST.kid, NOON + 120 * SECOND)
    assert await kids(house) == [SECOND_KEY.kid]
    assert house.log.of("signing_key_removed") == [{"kid": THIRD.kid}, {"kid": FIRST.kid}]
    with pytest.raises(KeyMissing):
        await remover(house)(FIRST.kid, NOON)


@pytest.mark.parametrize("now", [NOON, NOON - SECOND], ids=["in time", "after the clock was set back"])
async def test_the_only_key_that_can_sign_now_stays(now: datetime) -> None:
    house = House()
    await put(house.storage, FIRST, SECOND_KEY)
    with pytest.raises(LastSigningKey):
        await remover(house)(FIRST.kid, now)
    await remover(house)(SECOND_KEY.kid, now)
    assert await kids(house) == [FIRST.kid]


async def test_a_key_that_opens_for_nobody_is_no_successor_and_may_go() -> None:
    house = House()
    lost = replace(SECOND_KEY, sealed=b"under another secret")
    await put(house.storage, FIRST, lost)
    with pytest.raises(LastSigningKey):
        await remover(house)(FIRST.kid, NOON + 60 * SECOND)
    await remover(house)(lost.kid, NOON + 60 * SECOND)
    assert await kids(house) == [FIRST.kid]


async def test_of_two_that_remove_the_last_two_keys_at_once_one_is_refused() -> None:
    house = House()
    await put(house.storage, FIRST, SECOND_KEY)
    later = NOON + 60 * SECOND
    outcomes = await asyncio.gather(
        *(remover(house)(each.kid, later) for each in (FIRST, SECOND_KEY)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LastSigningKey", "NoneType"]
