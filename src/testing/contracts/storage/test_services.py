import asyncio
from dataclasses import replace

import pytest

from doorward.application.ports.repositories import ServiceReader, ServiceRepository
from doorward.application.ports.storage import Storage
from doorward.domain.change_feed.change import Change, Subject
from doorward.domain.errors import ServiceExists
from doorward.domain.services.service import Service, ServiceId, ServiceSecretHash
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import announced, put

pytestmark = pytest.mark.asyncio(loop_scope="function")

SHOP = Service(
    id=ServiceId("service-4Zk0aT_s9-QmPq2wErTyUi"),
    name="shop",
    secret_hash=ServiceSecretHash(b"\0 \xff'" * 7 + b"\\ \0 "),
    created_at=NOON,
)


def another(name: str, number: int = 1) -> Service:
    return replace(SHOP, id=ServiceId(f"service-{number:022}"), name=name)


@proves(ServiceReader.get, "Return")
async def test_a_service_comes_back_as_it_was(storage: Storage) -> None:
    await put(storage, SHOP, another("z" * 64))
    async with storage.reading() as reading:
        assert await reading.services.get(SHOP.id) == SHOP
        assert await reading.services.all() == [SHOP, another("z" * 64)]


@proves(ServiceReader.all, "Return all services in the")
async def test_services_are_returned_in_the_order_of_their_names(storage: Storage) -> None:
    names = ["wiki", "a.b", "shop-2", "a-b", "shop", "a_b"]
    await put(storage, *(another(name, number) for number, name in enumerate(names)))
    async with storage.reading() as reading:
        assert [service.name for service in await reading.services.all()] == sorted(names)


@proves(ServiceReader.get, "Return")
@pytest.mark.parametrize("service_id", [SHOP.id.swapcase(), f"{SHOP.id} ", "", "' OR '1'='1", "\ud800", "x" * 16_000])
async def test_a_service_is_found_by_its_exact_id(storage: Storage, service_id: str) -> None:
    """ST-03: the id comes from the network."""
    await put(storage, SHOP)
    async with storage.reading() as reading:
        assert await reading.services.get(ServiceId(service_id)) is None


@proves(ServiceRepository.add, "Raise ServiceExists when its name")
async def test_a_name_belongs_to_one_service(storage: Storage) -> None:
    await put(storage, SHOP)
    with pytest.raises(ServiceExists):
        await put(storage, another(SHOP.name))
    async with storage.reading() as reading:
        assert await reading.services.all() == [SHOP]


@proves(ServiceRepository.add, "Raise ServiceExists when its name")
async def test_of_many_services_that_take_one_name_at_once_one_gets_it(storage: Storage) -> None:
    answers = await asyncio.gather(
        *(put(storage, another("shop", number)) for number in range(10)), return_exceptions=True
    )
    assert [type(answer) for answer in answers if answer] == [ServiceExists] * 9


@proves(ServiceRepository.remove, "Return False", "Its name", "A change of")
async def test_a_removed_service_is_gone_and_its_name_is_free(storage: Storage) -> None:
    await put(storage, SHOP)
    async with storage.transaction() as tx:
        assert await tx.services.remove(SHOP.id)
        assert not await tx.services.remove(SHOP.id)
        await tx.services.add(another(SHOP.name))
    async with storage.reading() as reading:
        assert await reading.services.all() == [another(SHOP.name)]
    assert await announced(storage) == [Change(Subject.SERVICES)]
