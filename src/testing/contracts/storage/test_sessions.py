from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from doorward.application.ports.repositories import SessionReader, SessionRepository
from doorward.application.ports.storage import Storage
from doorward.domain.access.role import ADMIN, MODERATOR
from doorward.domain.accounts.suspension import WITHOUT_END
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import SessionId
from doorward.domain.sessions.refresh_token import RefreshTokenHash, RotatedToken
from doorward.domain.sessions.session import (
    MAX_ROTATED_TOKENS,
    MAX_USER_AGENT_CHARACTERS,
    Device,
    SessionPolicy,
    new_session_id,
)
from doorward.testing.builders import a_session, a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import announced, put, session, sessions_of

pytestmark = pytest.mark.asyncio(loop_scope="function")

NONE = new_session_id(NOON)
LATER = datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = SessionPolicy()


@proves(SessionReader.get, "Return")
@proves(SessionRepository.add, "Store")
async def test_a_session_comes_back_as_it_was(storage: Storage) -> None:
    ada = a_user()
    mine = replace(
        a_session(ada),
        started_at=LATER - DAY,
        last_used_at=LATER,
        device=Device("2001:db8:1234:5678:9abc:def0:192.168.100.200", "\U0001f98a é" * 64 + "x" * 64),
        rotated_tokens=tuple(
            RotatedToken(bytes([number] * 8), LATER - number * timedelta(microseconds=333))
            for number in range(MAX_ROTATED_TOKENS)
        ),
    )
    assert len(mine.device.user_agent) == MAX_USER_AGENT_CHARACTERS
    await put(storage, ada, mine)
    assert await session(storage, mine.id) == mine


@proves(SessionRepository.add, "Store")
@pytest.mark.parametrize(
    "token_hash", [b"\0" * 32, b" " * 32, b"\xff" * 32, b"'\\\"%s:x?\n\r\x1a" * 2 + b"\0 \0 \0 \0 \0 "]
)
async def test_a_token_hash_is_compared_as_bytes_and_not_as_text(storage: Storage, token_hash: bytes) -> None:
    """ST-03."""
    ada = a_user()
    rotated = (RotatedToken(token_hash[:8], NOON),)
    mine = replace(a_session(ada), token_hash=RefreshTokenHash(token_hash), rotated_tokens=rotated)
    await put(storage, ada, mine)
    assert await session(storage, mine.id) == mine


@proves(SessionReader.with_user, "Return the session and its")
async def test_a_session_is_found_together_with_its_account(storage: Storage) -> None:
    ada = replace(a_user("ada", ADMIN, MODERATOR), epoch=3, version=2, suspension=WITHOUT_END)
    lone = replace(a_user("lone"), roles=frozenset())
    mine, theirs = a_session(ada), a_session(lone)
    await put(storage, ada, lone, mine, theirs)
    async with storage.reading() as reading:
        assert await reading.sessions.with_user(mine.id) == (mine, ada)
        assert await reading.sessions.with_user(theirs.id) == (theirs, lone)


@proves(SessionReader.get, "Return")
async def test_a_missing_session_is_returned_as_none(storage: Storage) -> None:
    await put(storage, a_user())
    async with storage.reading() as reading:
        assert await reading.sessions.get(NONE) is None
        assert await reading.sessions.with_user(NONE) is None
        assert await reading.sessions.of_user(a_user("bob").id) == []


@proves(SessionReader.of_user, "Return the sessions of the")
async def test_the_sessions_of_an_account_begin_with_the_latest_sign_in(storage: Storage) -> None:
    """Whichever was used last; of those that were signed in at one moment, with the greater id."""
    ada, bob = a_user("ada"), a_user("bob")
    moments = [timedelta(0), timedelta(microseconds=1), timedelta(days=-1), timedelta(days=1)]
    mine = [replace(a_session(ada, NOON + moment), last_used_at=NOON + 9 * DAY - moment) for moment in moments]
    twins = [replace(a_session(ada, NOON + 2 * DAY), id=SessionId(UUID(int=number))) for number in (5, 3, 4)]
    await put(storage, ada, bob, *mine, *twins, a_session(bob))
    async with storage.reading() as reading:
        assert await reading.sessions.of_user(ada.id) == [
            twins[0],
            twins[2],
            twins[1],
            mine[3],
            mine[1],
            mine[0],
            mine[2],
        ]


@proves(SessionRepository.add, "Raise")
async def test_a_session_needs_an_account(storage: Storage) -> None:
    with pytest.raises(AccountMissing):
        await put(storage, a_session(a_user()))


@proves(SessionRepository, "Opening")
async def test_opening_and_pruning_sessions_is_not_announced(storage: Storage) -> None:
    ada = a_user()
    await put(storage, ada, a_session(ada))
    async with storage.transaction() as tx:
        assert await tx.sessions.prune(NOON + 2 * DAY, 10) == 1
    assert await announced(storage) == []


@proves(SessionRepository.prune, "Delete at most `limit` sessions")
@proves(SessionReader, "Sessions are stored")
async def test_pruning_deletes_unused_sessions_and_keeps_used_ones(storage: Storage) -> None:
    """Used a day before, or later, than the time that is named; what lies between, the promise leaves open."""
    ada = a_user()
    long_ago = NOON - 90 * DAY
    unused = [replace(a_session(ada, long_ago), last_used_at=NOON - ago) for ago in (DAY, 2 * DAY, 40 * DAY)]
    used = [replace(a_session(ada, long_ago), last_used_at=NOON + later) for later in (0 * DAY, DAY, 40 * DAY)]
    await put(storage, ada, *unused, *used)
    async with storage.transaction() as tx:
        assert await tx.sessions.prune(NOON, 100) == 3
        assert await tx.sessions.prune(NOON, 100) == 0
    assert set(await sessions_of(storage, ada)) == {kept.id for kept in used}


@proves(SessionRepository.prune, "Delete at most `limit` sessions")
async def test_pruning_deletes_in_small_batches(storage: Storage) -> None:
    ada = a_user()
    await put(storage, ada, *(a_session(ada) for _ in range(7)))
    pruned = []
    for _ in range(4):
        async with storage.transaction() as tx:
            pruned.append(await tx.sessions.prune(NOON + 2 * DAY, 3))
    assert pruned == [3, 3, 1, 0]


@proves(SessionRepository.prune, "Delete at most `limit` sessions")
async def test_a_session_that_was_refreshed_is_not_pruned(storage: Storage) -> None:
    ada = a_user()
    mine = a_session(ada)
    await put(storage, ada, mine)
    async with storage.transaction() as tx:
        next_hash = RefreshTokenHash(b"\1" * 32)
        assert await tx.sessions.rotate(mine.id, mine.token_hash, next_hash, POLICY, NOON + 10 * DAY)
    async with storage.transaction() as tx:
        assert await tx.sessions.prune(NOON + 10 * DAY, 10) == 0
        assert await tx.sessions.prune(NOON + 12 * DAY, 10) == 1
