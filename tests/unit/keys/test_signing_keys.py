import asyncio
from datetime import timedelta

import pytest

from application.keys.add_signing_key import KNOWN_EVERYWHERE, AddSigningKey
from application.keys.ensure_signing_key import EnsureSigningKey
from application.keys.list_signing_keys import ListSigningKeys
from builders import House
from domain.errors import InvalidKey, KeyExists
from domain.keys.signing_key import signing_at
from doubles import NOON, PlainSealer


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
