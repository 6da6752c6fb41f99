"""Whom the hashing pool lets into its queue: nobody who would wait for longer than a second."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from doorward.domain.errors import HashingBusy
from doorward.infrastructure.security.hashing_pool import INITIAL_ESTIMATE_SECONDS, MAX_WAIT_SECONDS, HashingPool
from doorward.testing.doubles import FrozenClock
from support.hashing_gate import Gate, until_idle

MANY = 10_000
FOREVER = 60.0
Make = Callable[..., HashingPool]


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
async def make(clock: FrozenClock) -> AsyncIterator[Make]:
    pools: list[HashingPool] = []

    def made(threads: int = 1, queue: int = MANY, timeout_seconds: float = FOREVER, **limits: float) -> HashingPool:
        pools.append(HashingPool(threads, queue, clock, timeout_seconds=timeout_seconds, **limits))
        return pools[-1]

    yield made
    for pool in pools:
        pool.close()


async def hashed(pool: HashingPool, clock: FrozenClock, seconds: float, times: int = 100) -> None:
    """One after the other, each of them takes so long."""
    for _ in range(times):
        await pool.run(lambda: clock.move(seconds))


async def room(pool: HashingPool, threads: int = 1) -> int:
    """How many it takes at once, those whose turn it is included."""
    gate = Gate(pool)
    for _ in range(threads):
        gate.hold()
    await gate.full(threads)
    taken = threads
    while taken < MANY:
        gate.hold()
        await asyncio.sleep(0)
        if gate.tasks[-1].done():
            break
        taken += 1
    gate.opened.set()
    outcomes = await asyncio.gather(*gate.tasks, return_exceptions=True)
    assert outcomes.count(None) == taken
    assert all(isinstance(outcome, HashingBusy) for outcome in outcomes if outcome is not None)
    await until_idle(pool)
    return taken


async def test_until_one_was_measured_a_hash_is_taken_to_be_slow(make: Make) -> None:
    assert await room(make()) == 1 + MAX_WAIT_SECONDS / INITIAL_ESTIMATE_SECONDS


@pytest.mark.parametrize("threads", [1, 2, 4])
async def test_nobody_is_let_in_who_would_wait_for_longer_than_a_second(
    make: Make, clock: FrozenClock, threads: int
) -> None:
    """OP-03: hashes take a quarter of a second here, so behind each that is computed four may wait."""
    pool = make(threads)
    await hashed(pool, clock, 0.25)
    assert await room(pool, threads) == 5 * threads


async def test_of_fast_hashes_the_queue_holds_as_many_as_it_may(make: Make, clock: FrozenClock) -> None:
    """OP-03."""
    pool = make(queue=64)
    await hashed(pool, clock, 0.001)
    assert await room(pool) == 65


async def test_a_thread_that_is_idle_is_used_however_slow_hashes_are(make: Make, clock: FrozenClock) -> None:
    pool = make()
    await hashed(pool, clock, 5.0)
    assert await room(pool) == 1


async def test_a_machine_that_stood_still_is_soon_forgotten(make: Make, clock: FrozenClock) -> None:
    pool = make()
    await hashed(pool, clock, 0.01)
    await hashed(pool, clock, 3600.0, times=1)
    await hashed(pool, clock, 0.01, times=16)
    assert await room(pool) > 20


async def test_what_failed_tells_nothing_of_how_long_a_hash_takes(make: Make, clock: FrozenClock) -> None:
    pool = make()

    def fail() -> None:
        clock.move(5.0)
        raise HashingBusy(cause="test")

    for _ in range(10):
        with pytest.raises(HashingBusy):
            await pool.run(fail)
    assert await room(pool) == 1 + MAX_WAIT_SECONDS / INITIAL_ESTIMATE_SECONDS


async def test_what_nobody_waits_for_any_longer_is_not_computed(make: Make) -> None:
    """OP-03: a queue of hashes for those who have gone would keep those waiting who are there."""
    pool, computed = make(), list[str]()
    gate = Gate(pool)
    gate.hold()
    await gate.full(1)
    gone = [asyncio.create_task(pool.run(lambda: computed.append("for one who has gone"))) for _ in range(3)]
    there = asyncio.create_task(pool.run(lambda: computed.append("for one who is there")))
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    gate.opened.set()
    await there
    await until_idle(pool)
    assert computed == ["for one who is there"]


async def test_what_waited_for_too_long_is_given_up_and_not_computed(make: Make) -> None:
    """OP-03."""
    pool, computed = make(timeout_seconds=0.0, max_wait_seconds=FOREVER), list[str]()
    gate = Gate(pool)
    gate.hold(work=400)  # which has time, so that it has begun before it is given up
    await gate.full(1)
    with pytest.raises(HashingBusy) as refused:
        await pool.run(lambda: computed.append("too late"))
    assert refused.value.cause == "hash_too_slow"
    gate.opened.set()
    await asyncio.gather(*gate.tasks, return_exceptions=True)
    await until_idle(pool)
    assert computed == []


async def test_a_hash_of_much_work_has_more_time(make: Make) -> None:
    """OP-03: or the owner of an imported hash would never get in on a slow machine."""
    pool = make(timeout_seconds=0.0)
    assert await pool.run(lambda: "in", work=400) == "in"


async def test_the_time_of_a_hash_is_as_long_as_what_was_measured_asks_for(make: Make, clock: FrozenClock) -> None:
    """OP-03: a fast machine does not keep a stuck hash of much work for long."""
    pool = make(timeout_seconds=0.0)
    for _ in range(50):
        await pool.run(lambda: None, work=MANY)
    gate = Gate(pool)
    gate.hold(work=100)
    with pytest.raises(HashingBusy):
        await gate.tasks[0]
    await end(gate)


async def test_a_slow_hash_of_much_work_is_measured_as_long_as_it_took(make: Make, clock: FrozenClock) -> None:
    """OP-03."""
    pool = make()
    for _ in range(100):
        await pool.run(lambda: clock.move(5.0), work=50)
    assert await room(pool) == 1 + MAX_WAIT_SECONDS / 0.1


async def let_in(gate: Gate, login: str, work: int = 1, tries: int = 40) -> int:
    """How many of that many guesses at one name are let into the queue."""
    tasks = []
    for _ in range(tries):
        gate.hold(work, login)
        tasks.append(gate.tasks[-1])
        await asyncio.sleep(0)
    return sum(not task.done() for task in tasks)


async def end(gate: Gate) -> None:
    gate.opened.set()
    await asyncio.gather(*gate.tasks, return_exceptions=True)
    await until_idle(gate.pool)


@pytest.mark.parametrize(("queue", "share"), [(1, 1), (15, 2), (63, 8)])
async def test_the_two_names_of_an_account_take_a_quarter_of_the_queue_at_most(
    make: Make, clock: FrozenClock, queue: int, share: int
) -> None:
    """OP-03: or one place each."""
    pool = make(queue=queue)
    await hashed(pool, clock, 0.001)
    gate = Gate(pool)
    taken = [await let_in(gate, login) for login in ("ada", "ada@example.org")]
    await end(gate)
    assert taken == [share, share]


@pytest.mark.parametrize(("work", "share"), [(1, 25), (2, 12), (8, 3), (11, 2), (30, 1)])
async def test_guesses_at_one_name_leave_room_for_everybody_else_whatever_its_hash_costs(
    make: Make, clock: FrozenClock, work: int, share: int
) -> None:
    """OP-03: a unit of work takes 9.9 ms here, so two threads do 202 of them in a second."""
    pool = make(threads=2)
    await hashed(pool, clock, 0.0099)
    gate = Gate(pool)
    taken = await let_in(gate, "ada", work)
    others = [await let_in(gate, f"user{number}", tries=1) for number in range(100)]
    await end(gate)
    assert taken == share
    assert others == [1] * 100


async def test_a_share_comes_back_when_its_hashes_are_done(make: Make, clock: FrozenClock) -> None:
    """OP-03: also when their requests were cancelled."""
    pool = make(queue=15)
    await hashed(pool, clock, 0.001)
    taken = []
    for _ in range(3):
        gate = Gate(pool)
        taken.append(await let_in(gate, "ada"))
        gate.tasks[1].cancel()
        await end(gate)
    assert taken == [2, 2, 2]


async def test_what_an_expensive_hash_took_is_counted_by_its_work(make: Make, clock: FrozenClock) -> None:
    """OP-03: hashes with other parameters do not make the pool expect that all take as long."""
    pool = make()
    for _ in range(100):
        await pool.run(lambda: clock.move(0.5), work=10)
    assert await room(pool) == 1 + MAX_WAIT_SECONDS / 0.05
