"""Sessions that are refreshed without rotating their token."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from doorward.application.ports.repositories import SessionRepository
from doorward.application.ports.storage import Storage
from doorward.domain.sessions.refresh_token import RefreshTokenHash
from doorward.domain.sessions.session import Session, SessionPolicy, new_session_id
from doorward.testing.builders import a_session, a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import announced, put, session

pytestmark = pytest.mark.asyncio(loop_scope="function")

POLICY = SessionPolicy(idle=timedelta(days=14), absolute=timedelta(days=90))
MINUTE, MOMENT = timedelta(minutes=1), timedelta(microseconds=1)


async def opened(storage: Storage) -> Session:
    ada = a_user()
    mine = a_session(ada)
    await put(storage, ada, mine, a_session(ada))
    return mine


async def keep(storage: Storage, mine: Session, token_hash: RefreshTokenHash, now: timedelta = MINUTE) -> bool:
    """`now` after noon."""
    async with storage.transaction() as tx:
        return await tx.sessions.keep_token(mine.id, token_hash, POLICY, NOON + now)


async def rotate(storage: Storage, mine: Session, now: timedelta = MINUTE) -> Session:
    """Return the session as it must be now."""
    successor = RefreshTokenHash(sha256(mine.token_hash).digest())
    async with storage.transaction() as tx:
        assert await tx.sessions.rotate(mine.id, mine.token_hash, successor, POLICY, NOON + now)
    return mine.rotated(successor, NOON + now)


@proves(SessionRepository.keep_token, "Store", "Return True")
async def test_a_session_keeps_its_token_for_as_long_as_its_client_wants(storage: Storage) -> None:
    mine = await opened(storage)
    assert not mine.keeps_token
    for times in range(1, 4):
        assert await keep(storage, mine, mine.token_hash, times * MINUTE + MOMENT)
        kept = mine.token_kept(NOON + times * MINUTE + MOMENT)
        assert await session(storage, mine.id) == kept
        assert (kept.keeps_token, kept.token_hash) == (True, mine.token_hash)
    assert await announced(storage) == []


@proves(SessionRepository.add, "Store")
async def test_the_mark_is_stored_with_a_new_session_too(storage: Storage) -> None:
    ada = a_user()
    mine = replace(a_session(ada), keeps_token=True)
    await put(storage, ada, mine)
    assert await session(storage, mine.id) == mine


@proves(SessionRepository.keep_token, "Return False")
async def test_a_rotation_ends_the_keeping_for_good(storage: Storage) -> None:
    mine = await opened(storage)
    assert await keep(storage, mine, mine.token_hash)
    rotated = await rotate(storage, mine.token_kept(NOON + MINUTE), 2 * MINUTE)
    assert await session(storage, mine.id) == rotated
    assert not rotated.keeps_token
    for token_hash in (mine.token_hash, rotated.token_hash):
        assert not await keep(storage, mine, token_hash, 3 * MINUTE)
    assert await session(storage, mine.id) == rotated


@proves(SessionRepository.keep_token, "Return True")
async def test_only_the_token_of_the_session_itself_is_kept(storage: Storage) -> None:
    ada = a_user()
    mine, other = a_session(ada), a_session(ada)
    await put(storage, ada, mine, other)
    assert not await keep(storage, other, mine.token_hash)
    assert not await keep(storage, replace(mine, id=new_session_id(NOON)), mine.token_hash)
    assert not await keep(storage, mine, RefreshTokenHash(mine.token_hash[:-1] + b"\0"))
    assert await session(storage, mine.id) == mine
    assert await session(storage, other.id) == other


@proves(SessionRepository.keep_token, "Return True")
@pytest.mark.parametrize("begins", [-(POLICY.absolute - 3 * MINUTE), timedelta(0)], ids=["absolute", "idle"])
async def test_a_token_is_kept_until_the_session_is_over_to_the_microsecond(
    storage: Storage, begins: timedelta
) -> None:
    ada = a_user()
    mine = replace(a_session(ada), started_at=NOON + begins)
    await put(storage, ada, mine)
    end = mine.ends_at(POLICY) - NOON
    assert not await keep(storage, mine, mine.token_hash, end)
    assert await session(storage, mine.id) == mine
    assert await keep(storage, mine, mine.token_hash, end - MOMENT)


@proves(SessionRepository.keep_token, "Return False")
async def test_of_a_rotation_and_many_that_keep_at_once_the_rotation_has_the_last_word(storage: Storage) -> None:
    mine = await opened(storage)
    _, rotated, *_ = await asyncio.gather(
        keep(storage, mine, mine.token_hash),
        rotate(storage, mine),
        *(keep(storage, mine, mine.token_hash) for _ in range(8)),
    )
    assert await session(storage, mine.id) == rotated
