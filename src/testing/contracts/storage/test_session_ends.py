import asyncio
from datetime import timedelta

import pytest

from doorward.application.ports.repositories import SessionRepository
from doorward.application.ports.storage import Storage, Transaction
from doorward.application.transactions import retried
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import StorageUnavailable, TransactionConflict
from doorward.domain.sessions.ending import other_sessions, surplus_sessions
from doorward.domain.sessions.refresh_token import RefreshTokenHash
from doorward.domain.sessions.session import Session, SessionPolicy
from doorward.testing.builders import a_session, a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import announced, put, session, sessions_of

pytestmark = pytest.mark.asyncio(loop_scope="function")

POLICY = SessionPolicy()


def at_most(number: int) -> SessionPolicy:
    return SessionPolicy(max_sessions=number)


async def end_surplus(tx: Transaction, kept: Session, policy: SessionPolicy) -> int:
    """Apply the rule of a sign-in to the account of the session, and return how many sessions ended."""
    sessions = await tx.sessions.of_user(kept.user_id)
    return await tx.sessions.end(surplus_sessions(sessions, kept.id, policy, NOON))


async def some(storage: Storage, user: User, number: int) -> list[Session]:
    """Add the account with some sessions and return them, the latest sign-in first."""
    own = [a_session(user, NOON - count * timedelta(minutes=1)) for count in range(number)]
    await put(storage, user, *own)
    return own


@proves(SessionRepository.end, "Delete", "Announce")
async def test_ending_a_session_removes_and_announces_it_once(storage: Storage) -> None:
    ada = a_user()
    ended, kept = await some(storage, ada, 2)
    async with storage.transaction() as tx:
        assert await tx.sessions.end([ended]) == 1
        assert await tx.sessions.end([ended]) == 0
    assert await sessions_of(storage, ada) == [kept.id]
    assert await announced(storage) == [Change.session_ended(ada.id, ended.id)]


@proves(SessionRepository.end, "Delete")
async def test_ending_several_sessions_leaves_the_others(storage: Storage) -> None:
    ada, bob = a_user("ada"), a_user("bob")
    own, (other,) = await some(storage, ada, 4), await some(storage, bob, 1)
    async with storage.transaction() as tx:
        assert await tx.sessions.end([own[0], own[1], own[3]]) == 3
        assert await tx.sessions.end([own[0], own[1], own[3]]) == 0
    assert await sessions_of(storage, ada) == [own[2].id]
    assert await session(storage, other.id) == other
    ends = {Change.session_ended(ada.id, own[number].id) for number in (0, 1, 3)}
    assert len(await announced(storage)) == 3
    assert set(await announced(storage)) == ends


@proves(SessionRepository.end, "Announce")
async def test_ending_no_sessions_announces_nothing(storage: Storage) -> None:
    ada = a_user()
    await some(storage, ada, 1)
    async with storage.transaction() as tx:
        assert await tx.sessions.end([]) == 0
    assert await announced(storage) == []


@proves(SessionRepository.end, "Delete")
async def test_a_sign_in_at_the_limit_ends_the_oldest_session(storage: Storage) -> None:
    """RF-13: the oldest sign-in ends, even if another session was used longer ago."""
    ada, bob = a_user("ada"), a_user("bob")
    own, (other,) = await some(storage, ada, 5), await some(storage, bob, 1)
    async with storage.transaction() as tx:
        await tx.sessions.rotate(own[4].id, own[4].token_hash, RefreshTokenHash(b"\1" * 32), POLICY, NOON)
        assert await end_surplus(tx, own[0], at_most(5)) == 0
        assert await end_surplus(tx, own[0], at_most(3)) == 2
    assert await sessions_of(storage, ada) == [mine.id for mine in own[:3]]
    assert await session(storage, other.id) == other
    assert set(await announced(storage)) == {Change.session_ended(ada.id, mine.id) for mine in own[3:]}


@proves(SessionRepository.end_all, "Delete", "It is announced")
async def test_ending_all_sessions_is_announced_as_one_change(storage: Storage) -> None:
    ada, bob = a_user("ada"), a_user("bob")
    await some(storage, ada, 3)
    (other,) = await some(storage, bob, 1)
    async with storage.transaction() as tx:
        assert await tx.sessions.end_all(ada.id, 4) == 3
    assert await sessions_of(storage, ada) == []
    assert await session(storage, other.id) == other
    assert await announced(storage) == [Change.sessions_ended(ada.id, 4)]


@proves(SessionRepository.revoke_tokens, "Announce", "Its sessions")
async def test_revoking_tokens_is_announced_and_keeps_the_sessions(storage: Storage) -> None:
    ada = a_user()
    own = await some(storage, ada, 2)
    async with storage.transaction() as tx:
        await tx.sessions.revoke_tokens(ada.id, 3)
    assert await sessions_of(storage, ada) == [each.id for each in own]
    assert await announced(storage) == [Change.sessions_ended(ada.id, 3)]


@proves(SessionRepository.end_all, "It is announced")
async def test_ending_all_sessions_is_announced_even_if_there_were_none(storage: Storage) -> None:
    ada = a_user()
    await put(storage, ada)
    async with storage.transaction() as tx:
        assert await tx.sessions.end_all(ada.id, 1) == 0
    assert await announced(storage) == [Change.sessions_ended(ada.id, 1)]


@proves(SessionRepository.end, "Delete")
async def test_more_sessions_end_than_one_statement_takes(storage: Storage) -> None:
    ada = a_user()
    own = await some(storage, ada, 1300)
    async with storage.transaction() as tx:
        assert await end_surplus(tx, own[0], at_most(1200)) == 100
        assert await tx.sessions.end(other_sessions(await tx.sessions.of_user(ada.id), own[0].id)) == 1199
    assert await sessions_of(storage, ada) == [own[0].id]
    async with storage.reading() as reading:
        feed = await reading.changes.ended_since(NOON - timedelta(days=9_000), 0, 2_000)
    assert {row.change for row in feed} == {Change.session_ended(ada.id, mine.id) for mine in own[1:]}
    assert len(feed) == 1299


@proves(Storage.on_commit, "Call `listener`")
async def test_a_listener_gets_the_sessions_that_ended(storage: Storage) -> None:
    ada = a_user()
    heard: list[Change] = []
    storage.on_commit(heard.extend)
    ended, other = await some(storage, ada, 2)
    async with storage.transaction() as tx:
        await tx.sessions.end([ended])
        await tx.sessions.end([other])
        await tx.sessions.end_all(ada.id, 1)
    assert heard == [
        Change.session_ended(ada.id, ended.id),
        Change.session_ended(ada.id, other.id),
        Change.sessions_ended(ada.id, 1),
    ]


@proves(SessionRepository.end, "Delete")
async def test_of_many_transactions_that_end_one_session_one_succeeds(storage: Storage) -> None:
    ada = a_user()
    (mine,) = await some(storage, ada, 1)

    async def end() -> bool:
        async with storage.transaction() as tx:
            return await tx.sessions.end([mine]) > 0

    assert sorted(await asyncio.gather(*(end() for _ in range(20)))) == [False] * 19 + [True]
    assert await announced(storage) == [Change.session_ended(ada.id, mine.id)]


@proves(SessionRepository, "Transactions that open")
async def test_a_session_that_opens_while_all_end_is_ended_or_of_the_next_epoch(storage: Storage) -> None:
    """Both hold the account, so a session that opens after the end has the next epoch."""
    ada = a_user()
    await put(storage, ada)

    async def open_one() -> int:
        async with storage.transaction() as tx:
            present = await tx.users.lock(ada.id)
            assert present is not None
            await tx.sessions.add(a_session(present))
        return present.epoch

    async def end_all() -> int:
        async with storage.transaction() as tx:
            present = await tx.users.lock(ada.id)
            assert present is not None
            out = present.with_tokens_revoked()
            await tx.users.save(out)
            await tx.sessions.end_all(ada.id, out.epoch)
        return out.epoch

    for _ in range(10):
        *opened, epoch = await asyncio.gather(open_one(), open_one(), open_one(), end_all())
        late = [one for one in opened if one == epoch]
        assert len(await sessions_of(storage, ada)) == len(late)
        async with storage.transaction() as tx:
            await tx.sessions.end_all(ada.id, epoch)


async def rotate(tx: Transaction, mine: Session) -> object:
    return await tx.sessions.rotate(mine.id, mine.token_hash, RefreshTokenHash(b"\1" * 32), POLICY, NOON)


async def end(tx: Transaction, mine: Session) -> object:
    return await tx.sessions.end([mine])


async def end_others(tx: Transaction, mine: Session) -> object:
    await tx.users.lock(mine.user_id)
    return await tx.sessions.end(other_sessions(await tx.sessions.of_user(mine.user_id), mine.id))


async def open_one(tx: Transaction, mine: Session) -> object:
    ada = await tx.users.lock(mine.user_id)
    assert ada is not None
    new = a_session(ada)
    await tx.sessions.add(new)
    return await end_surplus(tx, new, at_most(20))


async def end_all(tx: Transaction, mine: Session) -> object:
    await tx.users.lock(mine.user_id)
    return await tx.sessions.end_all(mine.user_id, 1)


WAYS = [rotate, end, open_one, rotate, end_others, open_one, end, end_all]
"""Changes of the sessions of one account. Each has one of them as its own; the last one ends all."""


@proves(Transaction, "TransactionConflict ends")
async def test_all_concurrent_changes_of_one_account_succeed_or_are_refused_as_unavailable(storage: Storage) -> None:
    ada = a_user()
    own = await some(storage, ada, 30)

    @retried
    async def work(number: int) -> None:
        async with storage.transaction() as tx:
            await WAYS[number % len(WAYS)](tx, own[number % len(own)])

    answers = await asyncio.gather(*map(work, range(64)), return_exceptions=True)
    assert {type(answer) for answer in answers} <= {type(None), TransactionConflict, StorageUnavailable}
    assert None in answers
    await work(len(WAYS) - 1)
    assert await sessions_of(storage, ada) == []
