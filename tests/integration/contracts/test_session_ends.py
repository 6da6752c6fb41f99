import asyncio
from datetime import timedelta

from doorward.application.ports.storage import Storage, Transaction
from doorward.application.transactions import retried
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import Change
from doorward.domain.errors import StorageUnavailable, TransactionConflict
from doorward.domain.sessions.refresh_token import RefreshTokenHash
from doorward.domain.sessions.session import Session, SessionPolicy
from support.builders import a_session, a_user
from support.doubles import NOON
from support.stored import announced, put, session, sessions_of

POLICY = SessionPolicy()


def at_most(number: int) -> SessionPolicy:
    return SessionPolicy(most=number)


async def some(storage: Storage, user: User, number: int) -> list[Session]:
    """Sessions of an account that is new; the latest sign-in first."""
    own = [a_session(user, NOON - count * timedelta(minutes=1)) for count in range(number)]
    await put(storage, user, *own)
    return own


async def test_a_session_ends_once(storage: Storage) -> None:
    ada = a_user()
    ended, kept = await some(storage, ada, 2)
    async with storage.transaction() as tx:
        assert await tx.sessions.end(ended.id, ada.id)
        assert not await tx.sessions.end(ended.id, ada.id)
    assert await sessions_of(storage, ada) == [kept.id]
    assert await announced(storage) == [Change.session_ended(ada.id, ended.id)]


async def test_nobody_ends_the_session_of_another(storage: Storage) -> None:
    ada, bob = a_user("ada"), a_user("bob")
    (mine,) = await some(storage, ada, 1)
    await put(storage, bob)
    async with storage.transaction() as tx:
        assert not await tx.sessions.end(mine.id, bob.id)
    assert await session(storage, mine.id) == mine
    assert await announced(storage) == []


async def test_all_others_end_and_one_goes_on(storage: Storage) -> None:
    ada, bob = a_user("ada"), a_user("bob")
    own, (other,) = await some(storage, ada, 4), await some(storage, bob, 1)
    async with storage.transaction() as tx:
        assert await tx.sessions.end_others(ada.id, own[2].id) == 3
        assert await tx.sessions.end_others(ada.id, own[2].id) == 0
    assert await sessions_of(storage, ada) == [own[2].id]
    assert await session(storage, other.id) == other
    ends = {Change.session_ended(ada.id, own[number].id) for number in (0, 1, 3)}
    assert len(await announced(storage)) == 3
    assert set(await announced(storage)) == ends


async def test_of_an_account_at_the_most_the_oldest_ends(storage: Storage) -> None:
    """RF-13: the oldest sign-in, whichever was used last."""
    ada, bob = a_user("ada"), a_user("bob")
    own, (other,) = await some(storage, ada, 5), await some(storage, bob, 1)
    async with storage.transaction() as tx:
        await tx.sessions.rotate(own[4].id, own[4].token_hash, RefreshTokenHash(b"\1" * 32), POLICY, NOON)
        assert await tx.sessions.end_oldest(ada.id, own[0].id, at_most(5), NOON) == 0
        assert await tx.sessions.end_oldest(ada.id, own[0].id, at_most(3), NOON) == 2
    assert await sessions_of(storage, ada) == [mine.id for mine in own[:3]]
    assert await session(storage, other.id) == other
    assert set(await announced(storage)) == {Change.session_ended(ada.id, mine.id) for mine in own[3:]}


async def test_a_session_that_is_over_takes_no_place_of_one_that_goes_on(storage: Storage) -> None:
    """RF-13."""
    ada = a_user()
    old, going_on = a_session(ada, NOON - POLICY.absolute), a_session(ada, NOON - timedelta(days=20))
    unused, new = a_session(ada, NOON - timedelta(days=19)), a_session(ada, NOON)
    await put(storage, ada, old, going_on, unused, new)
    async with storage.transaction() as tx:
        used = NOON - timedelta(days=10)
        await tx.sessions.rotate(going_on.id, going_on.token_hash, RefreshTokenHash(b"\1" * 32), POLICY, used)
        assert await tx.sessions.end_oldest(ada.id, new.id, at_most(2), NOON) == 2
    assert await sessions_of(storage, ada) == [new.id, going_on.id]


async def test_the_session_that_is_kept_stays_though_a_clock_made_it_the_oldest(storage: Storage) -> None:
    """RF-13: who has just signed in is not signed out by it."""
    ada = a_user()
    own = await some(storage, ada, 3)
    async with storage.transaction() as tx:
        assert await tx.sessions.end_oldest(ada.id, own[2].id, at_most(1), NOON) == 2
    assert await sessions_of(storage, ada) == [own[2].id]


async def test_the_end_of_all_is_one_change(storage: Storage) -> None:
    ada, bob = a_user("ada"), a_user("bob")
    await some(storage, ada, 3)
    (other,) = await some(storage, bob, 1)
    async with storage.transaction() as tx:
        assert await tx.sessions.end_all(ada.id, 4) == 3
    assert await sessions_of(storage, ada) == []
    assert await session(storage, other.id) == other
    assert await announced(storage) == [Change.sessions_ended(ada.id, 4)]


async def test_the_end_of_all_is_announced_when_there_were_none(storage: Storage) -> None:
    ada = a_user()
    await put(storage, ada)
    async with storage.transaction() as tx:
        assert await tx.sessions.end_all(ada.id, 1) == 0
    assert await announced(storage) == [Change.sessions_ended(ada.id, 1)]


async def test_more_sessions_than_one_statement_takes_end(storage: Storage) -> None:
    ada = a_user()
    own = await some(storage, ada, 1300)
    async with storage.transaction() as tx:
        assert await tx.sessions.end_oldest(ada.id, own[0].id, at_most(1200), NOON) == 100
        assert await tx.sessions.end_others(ada.id, own[0].id) == 1199
    assert await sessions_of(storage, ada) == [own[0].id]
    async with storage.reading() as reading:
        feed = await reading.changes.ended_since(NOON - timedelta(days=9_000), 2_000)
    assert {row.change for row in feed} == {Change.session_ended(ada.id, mine.id) for mine in own[1:]}
    assert len(feed) == 1299


async def test_a_listener_hears_which_sessions_ended(storage: Storage) -> None:
    ada = a_user()
    heard: list[Change] = []
    storage.on_commit(heard.extend)
    ended, other = await some(storage, ada, 2)
    async with storage.transaction() as tx:
        await tx.sessions.end(ended.id, ada.id)
        await tx.sessions.end_others(ada.id, ended.id)
        await tx.sessions.end_all(ada.id, 1)
    assert heard == [
        Change.session_ended(ada.id, ended.id),
        Change.session_ended(ada.id, other.id),
        Change.sessions_ended(ada.id, 1),
    ]


async def test_of_many_who_end_one_session_one_does(storage: Storage) -> None:
    ada = a_user()
    (mine,) = await some(storage, ada, 1)

    async def end() -> bool:
        async with storage.transaction() as tx:
            return await tx.sessions.end(mine.id, ada.id)

    assert sorted(await asyncio.gather(*(end() for _ in range(20)))) == [False] * 19 + [True]
    assert await announced(storage) == [Change.session_ended(ada.id, mine.id)]


async def test_a_session_that_opens_while_all_end_is_ended_or_of_the_next_epoch(storage: Storage) -> None:
    """Both hold the account: who opens one after the end knows of it."""
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
            out = present.signed_out_everywhere()
            await tx.users.save(out)
            await tx.sessions.end_all(ada.id, out.epoch)
        return out.epoch

    for _ in range(10):
        *opened, epoch = await asyncio.gather(open_one(), open_one(), open_one(), end_all())
        late = [one for one in opened if one == epoch]
        assert len(await sessions_of(storage, ada)) == len(late)
        async with storage.transaction() as tx:
            await tx.sessions.end_all(ada.id, epoch)


async def test_everything_at_once_on_one_account_succeeds_or_is_asked_to_come_back(storage: Storage) -> None:
    ada = a_user()
    own = await some(storage, ada, 30)

    async def rotate(tx: Transaction, mine: Session) -> object:
        return await tx.sessions.rotate(mine.id, mine.token_hash, RefreshTokenHash(b"\1" * 32), POLICY, NOON)

    async def end(tx: Transaction, mine: Session) -> object:
        return await tx.sessions.end(mine.id, ada.id)

    async def end_others(tx: Transaction, mine: Session) -> object:
        await tx.users.lock(ada.id)
        return await tx.sessions.end_others(ada.id, mine.id)

    async def open_one(tx: Transaction, _: Session) -> object:
        await tx.users.lock(ada.id)
        new = a_session(ada)
        await tx.sessions.add(new)
        return await tx.sessions.end_oldest(ada.id, new.id, at_most(20), NOON)

    async def end_all(tx: Transaction, _: Session) -> object:
        await tx.users.lock(ada.id)
        return await tx.sessions.end_all(ada.id, 1)

    ways = [rotate, end, open_one, rotate, end_others, open_one, end, end_all]

    @retried
    async def work(number: int) -> None:
        async with storage.transaction() as tx:
            await ways[number % len(ways)](tx, own[number % len(own)])

    answers = await asyncio.gather(*map(work, range(64)), return_exceptions=True)
    assert {type(answer) for answer in answers} <= {type(None), TransactionConflict, StorageUnavailable}
    assert None in answers
    await work(len(ways) - 1)
    assert await sessions_of(storage, ada) == []
