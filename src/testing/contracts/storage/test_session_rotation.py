import asyncio
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from doorward.application.ports.repositories import SessionRepository
from doorward.application.ports.storage import Storage
from doorward.domain.sessions.refresh_token import RefreshTokenHash
from doorward.domain.sessions.session import MAX_ROTATED_TOKENS, Session, SessionPolicy, new_session_id
from doorward.testing.builders import a_session, a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import announced, put, session

pytestmark = pytest.mark.asyncio(loop_scope="function")

POLICY = SessionPolicy(idle=timedelta(days=14), absolute=timedelta(days=90))
MINUTE, MOMENT = timedelta(minutes=1), timedelta(microseconds=1)


def after(token_hash: RefreshTokenHash) -> RefreshTokenHash:
    return RefreshTokenHash(sha256(token_hash).digest())


async def rotate(storage: Storage, mine: Session, token_hash: RefreshTokenHash, now: timedelta = MINUTE) -> bool:
    """To the successor, `now` after noon."""
    async with storage.transaction() as tx:
        return await tx.sessions.rotate(mine.id, token_hash, after(token_hash), POLICY, NOON + now)


async def opened(storage: Storage) -> Session:
    ada = a_user()
    mine = a_session(ada)
    await put(storage, ada, mine, a_session(ada))
    return mine


@proves(SessionRepository.rotate, "Store")
async def test_a_rotation_in_the_storage_gives_the_same_session_as_the_entity(storage: Storage) -> None:
    mine = await opened(storage)
    assert await rotate(storage, mine, mine.token_hash, MINUTE + MOMENT)
    assert await session(storage, mine.id) == mine.rotated(after(mine.token_hash), NOON + MINUTE + MOMENT)


@proves(SessionRepository.rotate, "Store")
async def test_many_rotations_in_the_storage_give_the_same_session_as_the_entity(storage: Storage) -> None:
    """More than it remembers; over midnights; by a clock that is set back now and then."""
    expected = await opened(storage)
    for number in range(MAX_ROTATED_TOKENS + 8):
        now = timedelta(hours=5 * number, microseconds=-7 * number) - timedelta(days=number % 3)
        assert await rotate(storage, expected, expected.token_hash, now)
        expected = expected.rotated(after(expected.token_hash), NOON + now)
        assert await session(storage, expected.id) == expected
    assert len(expected.rotated_tokens) == MAX_ROTATED_TOKENS


@proves(SessionRepository.rotate, "Return True")
async def test_a_rotated_token_rotates_nothing(storage: Storage) -> None:
    mine = await opened(storage)
    assert await rotate(storage, mine, mine.token_hash)
    rotated = await session(storage, mine.id)
    assert not await rotate(storage, mine, mine.token_hash)
    assert await session(storage, mine.id) == rotated


@proves(SessionRepository.rotate, "Return True")
async def test_a_token_rotates_only_its_own_session(storage: Storage) -> None:
    ada = a_user()
    mine, other = a_session(ada), a_session(ada)
    await put(storage, ada, mine, other)
    assert not await rotate(storage, other, mine.token_hash)
    assert not await rotate(storage, replace(mine, id=new_session_id(NOON)), mine.token_hash)
    assert await rotate(storage, mine, mine.token_hash)
    assert await session(storage, other.id) == other


@proves(SessionRepository.rotate, "Hashes")
@pytest.mark.parametrize(("stored", "presented"), [(b"a", b"A"), (b"\0", b" "), (b"\xe9", b"e"), (b" ", b"\0")])
async def test_tokens_that_differ_in_one_byte_are_different(storage: Storage, stored: bytes, presented: bytes) -> None:
    """Also one that a collation would call equal, and the last one of all."""
    ada = a_user()
    mine = replace(a_session(ada), token_hash=RefreshTokenHash(b"x" * 31 + stored))
    await put(storage, ada, mine)
    assert not await rotate(storage, mine, RefreshTokenHash(b"x" * 31 + presented))
    assert await session(storage, mine.id) == mine


@proves(SessionRepository.rotate, "Return True")
@pytest.mark.parametrize("begins", [-(POLICY.absolute - 3 * MINUTE), timedelta(0)], ids=["absolute", "idle"])
async def test_a_session_rotates_until_the_microsecond_in_which_it_is_over(storage: Storage, begins: timedelta) -> None:
    ada = a_user()
    mine = replace(a_session(ada), started_at=NOON + begins)
    await put(storage, ada, mine)
    end = mine.ends_at(POLICY) - NOON
    assert not await rotate(storage, mine, mine.token_hash, end)
    assert not await rotate(storage, mine, mine.token_hash, end + POLICY.absolute)
    assert await session(storage, mine.id) == mine
    assert await rotate(storage, mine, mine.token_hash, end - MOMENT)


@proves(SessionRepository.rotate, "A rotation")
async def test_a_rotation_is_not_announced(storage: Storage) -> None:
    mine = await opened(storage)
    assert await rotate(storage, mine, mine.token_hash)
    assert await announced(storage) == []


@proves(SessionRepository.rotate, "Of many")
async def test_of_fifty_simultaneous_rotations_of_one_token_one_succeeds_and_the_others_see_it(
    storage: Storage,
) -> None:
    mine = await opened(storage)

    async def refresh() -> bool:
        async with storage.transaction() as tx:
            done = await tx.sessions.rotate(mine.id, mine.token_hash, after(mine.token_hash), POLICY, NOON + MINUTE)
            seen = await tx.sessions.get(mine.id)
        assert seen is not None
        assert seen.token_hash == after(mine.token_hash)
        assert seen.has_rotated(mine.token_hash)
        return done

    for _ in range(3):
        answers = await asyncio.gather(*(refresh() for _ in range(50)))
        assert sorted(answers) == [False] * 49 + [True]
        mine = mine.rotated(after(mine.token_hash), NOON + MINUTE)
        assert await session(storage, mine.id) == mine


@proves(SessionRepository.end, "Delete")
async def test_a_rotation_that_races_an_end_never_outlives_it(storage: Storage) -> None:
    """Whichever comes first: the end is found by who ends, and nothing is left."""
    ada = a_user()
    await put(storage, ada)

    async def end(mine: Session) -> bool:
        async with storage.transaction() as tx:
            return await tx.sessions.end([mine]) > 0

    for number in range(30):
        mine = a_session(ada)
        await put(storage, mine)
        racing = [rotate(storage, mine, mine.token_hash), end(mine)]
        ended = (await asyncio.gather(*racing[:: -1 if number % 2 else 1]))[0 if number % 2 else 1]
        assert ended
        assert await session(storage, mine.id) is None
        assert not await rotate(storage, mine, after(mine.token_hash))
