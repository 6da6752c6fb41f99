"""Services are registered, authenticated, listed and removed."""

import re
from dataclasses import replace

import pytest

from doorward.application.change_feed.known_services import KnownServices
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.services.authenticate_client import AuthenticateClient
from doorward.application.services.list_services import ListServices
from doorward.application.services.register_service import RegisteredService, RegisterService
from doorward.application.services.remove_service import RemoveService
from doorward.domain.access.actor import OPERATOR
from doorward.domain.errors import InvalidClient, InvalidServiceName, ServiceExists, ServiceMissing
from doorward.domain.services.service import ID, ServiceId, parse_service_name
from doorward.infrastructure.security.service_secrets import RandomServiceSecrets
from doorward.testing.doubles import NOON, FrozenClock, ListLog
from support.doubles import WatchedStorage
from support.house import House

SECRETS = RandomServiceSecrets()


async def registered(house: House, name: str = "billing") -> RegisteredService:
    return await RegisterService(house.storage, SECRETS, house.log)(name, NOON, OPERATOR)


def authenticate(house: House) -> AuthenticateClient:
    return AuthenticateClient(house.services, SECRETS)


def remove(house: House) -> RemoveService:
    return RemoveService(house.storage, house.log)


async def names(house: House) -> list[str]:
    return [service.name for service in await ListServices(house.storage)()]


async def test_a_service_gets_an_id_and_a_secret_that_is_not_stored() -> None:
    house = House()
    made = await registered(house)
    assert ID.fullmatch(made.service.id)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", made.secret)
    assert (made.service.name, made.service.created_at) == ("billing", NOON)
    (kept,) = await ListServices(house.storage)()
    assert kept == made.service
    assert kept.secret_hash != made.secret.encode()
    assert made.secret not in repr(made)
    assert house.log.of(SecurityEvent.SERVICE_ADDED) == [{"service_id": kept.id, "name": "billing", "by": "operator"}]


async def test_a_name_belongs_to_one_service() -> None:
    house = House()
    first = await registered(house)
    with pytest.raises(ServiceExists):
        await registered(house)
    assert await ListServices(house.storage)() == [first.service]
    assert len(house.log.of(SecurityEvent.SERVICE_ADDED)) == 1


@pytest.mark.parametrize("name", ["", "Billing", "9lives", "-x", "a b", "a" * 65, "billing\n", "bílling"])
async def test_a_service_name_has_a_plain_form(name: str) -> None:
    with pytest.raises(InvalidServiceName):
        await registered(House(), name)


def test_a_name_of_the_maximum_length_is_accepted() -> None:
    for name in ("b", "billing-2.eu_west", "b" * 64):
        assert parse_service_name(name) == name


async def test_services_are_listed_by_name() -> None:
    house = House()
    for name in ("shop", "billing", "mail"):
        await registered(house, name)
    assert await names(house) == ["billing", "mail", "shop"]


async def test_a_service_is_removed_by_id_or_name_and_logged() -> None:
    house = House()
    billing, shop = await registered(house), await registered(house, "shop")
    assert await remove(house)(billing.service.id, OPERATOR) == billing.service
    assert await remove(house)("shop", OPERATOR) == shop.service
    assert await names(house) == []
    assert house.log.of(SecurityEvent.SERVICE_REMOVED) == [
        {"service_id": each.service.id, "name": each.service.name, "by": "operator"} for each in (billing, shop)
    ]
    with pytest.raises(ServiceMissing):
        await remove(house)("shop", OPERATOR)


async def test_an_id_means_its_service_even_if_another_service_has_that_name() -> None:
    house = House()
    billing = replace((await registered(House())).service, id=ServiceId("service-" + "a" * 22))
    async with house.storage.transaction() as tx:
        await tx.services.add(billing)
    await registered(house, billing.id)
    assert await remove(house)(billing.id, OPERATOR) == billing


async def test_a_service_authenticates_with_its_id_and_secret() -> None:
    house = House()
    made = await registered(house)
    await registered(house, "shop")
    assert await authenticate(house)(made.service.id, made.secret) == made.service


@pytest.mark.parametrize("case", ["secret", "empty", "id", "form", "name", "case", "nul", "other"])
async def test_any_other_credentials_are_refused(case: str) -> None:
    house = House()
    made, other = await registered(house), await registered(house, "shop")
    client_id, secret = {
        "secret": (made.service.id, made.secret[:-1] + "~"),
        "empty": (made.service.id, ""),
        "id": ("service-" + "A" * 22, made.secret),
        "form": (f"{made.service.id}\n", made.secret),
        "name": ("billing", made.secret),
        "case": (made.service.id.upper(), made.secret),
        "nul": (made.service.id, made.secret + "\0"),
        "other": (made.service.id, other.secret),
    }[case]
    with pytest.raises(InvalidClient):
        await authenticate(house)(client_id, secret)


async def test_a_removed_service_is_refused_at_once() -> None:
    house = House()
    made = await registered(house)
    await remove(house)(made.service.id, OPERATOR)
    with pytest.raises(InvalidClient):
        await authenticate(house)(made.service.id, made.secret)


async def test_no_account_has_the_id_of_a_service() -> None:
    """TK-23: an account's id is a UUID, a service's never is one."""
    house = House()
    ada, made = await house.with_user(), await registered(house)
    assert not ID.fullmatch(str(ada.id))
    assert len(made.service.id) != len(str(ada.id))


async def test_a_service_that_authenticates_again_needs_no_query() -> None:
    storage = WatchedStorage()
    made = await RegisterService(storage, SECRETS, ListLog())("billing", NOON, OPERATOR)
    authenticated = AuthenticateClient(KnownServices(storage, FrozenClock()), SECRETS)
    for _ in range(100):
        assert await authenticated(made.service.id, made.secret) == made.service
    assert storage.readings == 1


async def test_a_service_that_another_node_removed_is_rejected_when_the_feed_was_read() -> None:
    house = House()
    made = await registered(house)
    follower = house.follower()
    await follower.once()
    authenticated = authenticate(house)
    await authenticated(made.service.id, made.secret)
    await RemoveService(house.other_node, house.log)("billing", OPERATOR)
    await follower.once()
    with pytest.raises(InvalidClient):
        await authenticated(made.service.id, made.secret)
