"""A connection to MySQL that fails at any byte of what the server sends is a refusal, while it is made and later."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import uvloop

from doorward.domain.errors import StorageUnavailable, Unavailable
from doorward.infrastructure.settings.start_refused import StartRefused
from doorward.infrastructure.sql.mysql.hosts import Host
from doorward.infrastructure.sql.pools import Limits
from doorward.infrastructure.sql.schema import check_schema
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import a_user
from doorward.testing.doubles import NOON
from doorward.testing.faulty_proxy import FaultyProxy, faulty_proxy
from doorward.testing.storage_access import found
from support.concurrent_load import GUARD, idle
from support.length import FULL
from support.made_tables import make_tables

IMPATIENT = Limits(wait_seconds=0.2, first_connect_seconds=0.2, pool_wait_seconds=0.1, lock_wait_seconds=1)
PATIENT = Limits(wait_seconds=40, pool_wait_seconds=20, lock_wait_seconds=1)


Work = Callable[[SqlStorage], Awaitable[None]]


@asynccontextmanager
async def proxy(url: DatabaseUrl) -> AsyncIterator[tuple[FaultyProxy, DatabaseUrl]]:
    """Yield the proxy and the URL of the database behind it. Every connection to it is closed at the end."""
    async with faulty_proxy((url.hosts[0].name, url.hosts[0].port)) as (made, (host, port)):
        yield made, replace(url, hosts=(Host(host, port),))


async def read_account(storage: SqlStorage) -> None:
    await found(storage, a_user().id)


async def transact(storage: SqlStorage) -> None:
    async with storage.transaction() as tx:
        await tx.users.get(a_user().id)


EACH = (read_account, transact)


async def outcomes(url: DatabaseUrl, limits: Limits) -> list[str]:
    """What a read and a transaction end in, each on a new connection. Any error but a refusal is let through."""
    storage, found_out = SqlStorage.open(url, limits=limits), []
    try:
        async with asyncio.timeout(GUARD):
            for work in EACH:
                try:
                    await work(storage)
                    found_out.append("answered")
                except Unavailable:
                    found_out.append("refused")
                assert idle(storage)
    finally:
        await storage.close()
    return found_out


async def shortest(server: FaultyProxy, url: DatabaseUrl) -> int:
    """How many bytes the server sends at least until one of them is answered, on a connection that is not the first.
    On the first one SQLAlchemy asks more, and a read whose connection breaks is tried once more on another."""
    storage = SqlStorage.open(url, limits=PATIENT)
    lengths = [(await measured(server, storage, work))[1] for work in EACH]
    await storage.close()
    return min(lengths)


MAX_DIFFERENCE_BYTES = 100
"""By how much the bytes of two connections differ that do the same, at most. A connection that got all of its bytes has
no fault. The last ones belong to the answer to a statement, and are tried one by one below."""

GREETING_BYTES = 70
"""No greeting of a server is shorter. Garbage in it cannot be taken for the answer to a statement."""


def offsets(fault: str, length: int) -> list[int]:
    """The bytes at which the connection fails: some, or with DOORWARD_TESTS=full nearly all."""
    if fault == "garbage":
        return [*range(GREETING_BYTES)] if FULL else [0, 40]
    return [*range(300), *range(300, length, 17)] if FULL else [0, 40, length // 2]


async def fail_everywhere(raw_url: str, fault: str) -> None:
    url = DatabaseUrl.parse(raw_url)
    async with proxy(url) as (server, behind):
        length = await shortest(server, behind) - MAX_DIFFERENCE_BYTES
        server.fault = fault
        for offset in offsets(fault, length):
            server.intact = offset
            assert await outcomes(behind, IMPATIENT) == ["refused", "refused"] or fault == "garbage", offset
            if offset == 0 and fault != "stall":
                with pytest.raises(StartRefused, match="cannot be used"):
                    await check_schema(behind)
        server.intact = 1_000_000
        assert await outcomes(behind, PATIENT) == ["answered", "answered"]


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("fault", ["close", "reset", "stall", "garbage"])
def test_a_connection_that_fails_while_it_is_made_is_refused(
    mysql_url: str, fault: str, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """OP-04."""
    make_tables(DatabaseUrl.parse(mysql_url))
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(fail_everywhere(mysql_url, fault))


async def take_lease(storage: SqlStorage) -> None:
    async with storage.transaction() as tx:
        await tx.leases.take("pruning", "ada", NOON, NOON + timedelta(minutes=1))


async def read_roles(storage: SqlStorage) -> None:
    async with storage.reading() as reading:
        await reading.roles.all()


async def outcome(storage: SqlStorage, work: Work) -> str:
    """What the work ends in, on a new connection. Any error but a refusal is let through."""
    await storage.close()
    cause = ""
    async with asyncio.timeout(GUARD):
        try:
            await work(storage)
        except Unavailable as refusal:
            cause = refusal.cause
    assert idle(storage)
    assert cause == "" or " in " in cause
    return "refused" if cause else "answered"


async def measured(server: FaultyProxy, storage: SqlStorage, work: Work) -> tuple[int, int]:
    """How many bytes the server sends until a connection is made, and until it has answered the work as well. The first
    connection is left out, since SQLAlchemy asks more on it."""
    for _ in range(2):
        assert await outcome(storage, work) == "answered"
    before = server.passed
    assert await outcome(storage, work) == "answered"
    first = server.passed - before
    await work(storage)
    later = server.passed - before - first
    return first - later, first


async def fail_in_answers(raw_url: str, fault: str, work: Work) -> None:
    async with proxy(DatabaseUrl.parse(raw_url)) as (server, url):
        storage = SqlStorage.open(url, limits=PATIENT)
        made, answered = await measured(server, storage, work)
        server.fault = fault
        step = 1 if FULL else max(1, (answered - made) // 9)
        # Within a row, asyncmy uses lengths without a check of bounds, and garbage there may end the process.
        end = made + 1 if fault == "garbage" and work is read_roles else answered
        for offset in range(made, end, step):
            server.intact = offset
            ended = await outcome(storage, work)
            assert ended == "refused" or fault == "garbage", (offset, made, answered)
        server.intact = 1_000_000
        assert await outcome(storage, work) == "answered"
        await storage.close()


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("fault", ["close", "reset", "garbage"])
@pytest.mark.parametrize("work", [read_roles, take_lease], ids=["read", "transaction"])
def test_a_connection_that_fails_in_the_answer_to_a_statement_is_refused(
    mysql_url: str,
    work: Work,
    fault: str,
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """OP-04, OP-09: and the refusal names the statement."""
    make_tables(DatabaseUrl.parse(mysql_url))
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(fail_in_answers(mysql_url, fault, work))


def test_a_bug_of_ours_while_a_connection_is_made_is_no_refusal(
    mysql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OP-09: so that it becomes a 500 with its traceback in the log."""
    make_tables(DatabaseUrl.parse(mysql_url))
    monkeypatch.setattr("doorward.infrastructure.sql.mysql.session_variables.variable", None)

    async def connect(work: Work) -> None:
        await work(SqlStorage.open(DatabaseUrl.parse(mysql_url)))

    for work in (read_roles, take_lease):
        with pytest.raises(TypeError):
            asyncio.run(connect(work))


def test_what_a_driver_raises_unforeseen_while_a_connection_is_made_leaves_its_trace(
    mysql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OP-09."""
    monkeypatch.setattr("doorward.infrastructure.sql.mysql.engine.CONNECT_SECONDS", "a text")

    async def connect() -> None:
        await read_roles(SqlStorage.open(DatabaseUrl.parse(mysql_url)))

    with pytest.raises(StorageUnavailable) as refused:
        asyncio.run(connect())
    assert refused.value.cause == "TypeError in connect"
    assert "asyncmy.connection:" in refused.value.trace
