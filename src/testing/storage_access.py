"""Short reads and writes of any storage, each in a transaction or a reading of its own."""

from collections.abc import Sequence

from doorward.application.ports.storage import Storage, Transaction
from doorward.domain.access.role import Role, RoleName
from doorward.domain.accounts.invitation import Invitation
from doorward.domain.accounts.sign_in_code import SignInCode
from doorward.domain.accounts.user import User
from doorward.domain.change_feed.change import Change
from doorward.domain.ids import SessionId, UserId
from doorward.domain.keys.signing_key import SigningKey
from doorward.domain.letters.letter import Letter
from doorward.domain.letters.link_token import LinkToken
from doorward.domain.letters.undo_link import UndoLink
from doorward.domain.services.service import Service
from doorward.domain.sessions.session import Session
from doorward.testing.doubles import NOON

Secret = LinkToken | SignInCode | UndoLink
"""What a letter gives the holder of an account."""


async def put(
    storage: Storage, *things: User | Role | Session | Service | SigningKey | Letter | Invitation | Secret
) -> None:
    async with storage.transaction() as tx:
        for thing in things:
            match thing:
                case User():
                    await tx.users.add(thing)
                case Role():
                    await tx.roles.put(thing)
                case Session():
                    await tx.sessions.add(thing)
                case Service():
                    await tx.services.add(thing)
                case SigningKey():
                    await tx.keys.add(thing)
                case Letter():
                    assert await tx.letters.add(thing)
                case Invitation():
                    await tx.invitations.put(thing)
                case LinkToken() | SignInCode() | UndoLink():
                    await put_secret(tx, thing)


async def put_secret(tx: Transaction, secret: Secret) -> None:
    match secret:
        case LinkToken():
            await tx.link_tokens.put(secret)
        case SignInCode():
            await tx.sign_in_codes.put(secret)
        case UndoLink():
            await tx.undo_links.put(secret)


async def found(storage: Storage, user_id: UserId) -> User | None:
    async with storage.reading() as reading:
        return await reading.users.get(user_id)


async def sessions_of(storage: Storage, user: User) -> list[SessionId]:
    async with storage.reading() as reading:
        return [session.id for session in await reading.sessions.of_user(user.id)]


async def session(storage: Storage, session_id: SessionId) -> Session | None:
    async with storage.reading() as reading:
        return await reading.sessions.get(session_id)


async def grant(storage: Storage, user: User, role: RoleName) -> bool:
    async with storage.transaction() as tx:
        return await tx.users.grant(user.id, role, NOON)


async def announced(storage: Storage) -> Sequence[Change]:
    """The whole feed."""
    async with storage.reading() as reading:
        return [row.change for row in await reading.changes.latest(1000)]
