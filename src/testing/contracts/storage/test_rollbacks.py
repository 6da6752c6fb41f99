"""What a transaction wrote is gone when it is rolled back, in each repository."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from doorward.application.ports.audit import AuditEntry, AuditQuery
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage, Transaction
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import Role, RoleName
from doorward.domain.accounts.attempts import AttemptCount, AttemptKey, LoginHash
from doorward.domain.accounts.profile import Profile
from doorward.domain.accounts.sign_in_code import SignInCode, SignInCodeHash
from doorward.domain.keys.signing_key import SigningKey
from doorward.domain.letters.letter import Letter, LetterKind
from doorward.domain.letters.link_token import LinkPurpose, LinkToken, LinkTokenHash
from doorward.domain.letters.undo_link import UndoLink
from doorward.domain.services.service import Service, ServiceId, ServiceSecretHash
from doorward.testing.builders import a_session, a_user, an_invitation, email_of
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put

pytestmark = pytest.mark.asyncio(loop_scope="function")

LATER = NOON + timedelta(minutes=1)
ADA, BOB = a_user("ada"), a_user("bob")
SESSION, INVITATION = a_session(ADA), an_invitation("carl@example.org")
EDITOR = Role(name=RoleName("editor"), created_at=NOON)
HASH = LinkTokenHash(b"\1" * 32)
KEY, COUNT = AttemptKey(LoginHash(b"\2" * 32)), AttemptCount(attempts=1, first_at=NOON, allowed_at=NOON)
SERVICE = Service(
    id=ServiceId(f"service-{'A' * 22}"), name="shop", secret_hash=ServiceSecretHash(bytes(32)), created_at=NOON
)
LETTER = Letter.to_holder(LetterKind.PASSWORD_CHANGED, ADA, "en", NOON)
LINK_TOKEN = LinkToken(
    hash=HASH, purpose=LinkPurpose.PASSWORD_RESET, user_id=ADA.id, address_key=email_of(ADA).key, expires_at=LATER
)
UNDO_LINK = UndoLink(hash=HASH, user_id=ADA.id, address=email_of(BOB), expires_at=LATER)
CODE = SignInCode(user_id=ADA.id, hash=SignInCodeHash(bytes(32)), expires_at=LATER)
ENTRY = AuditEntry(event=SecurityEvent.USER_UPDATED, by=OPERATOR, account=ADA.id)
SIGNING_KEY = SigningKey(kid="kid", algorithm="ES256", sealed=b"sealed", created_at=NOON, signs_from=NOON)

Step = Callable[[Transaction], Awaitable[object]]


async def lease_is_free(tx: Transaction) -> bool:
    """The lease is given up again, so that the check leaves nothing behind."""
    free = await tx.leases.take("pruning", "bob", NOON, LATER)
    await tx.leases.give_up("pruning", "bob")
    return not free


async def has_entries(tx: Transaction) -> bool:
    return bool(await tx.audit.page(AuditQuery(), None, 9)) or bool(await tx.audit.streams([ENTRY.account]))  # type: ignore[list-item]


WRITES: dict[str, tuple[Step, Step]] = {
    "users": (lambda tx: tx.users.add(BOB), lambda tx: tx.users.get(BOB.id)),
    "roles": (lambda tx: tx.roles.put(EDITOR), lambda tx: tx.roles.get(EDITOR.name)),
    "sessions": (lambda tx: tx.sessions.add(SESSION), lambda tx: tx.sessions.get(SESSION.id)),
    "services": (lambda tx: tx.services.add(SERVICE), lambda tx: tx.services.get(SERVICE.id)),
    "leases": (lambda tx: tx.leases.take("pruning", "ada", NOON, LATER), lease_is_free),
    "attempts": (lambda tx: tx.attempts.add(KEY, COUNT), lambda tx: tx.attempts.get(KEY)),
    "keys": (lambda tx: tx.keys.add(SIGNING_KEY), lambda tx: tx.keys.all()),
    "changes": (lambda tx: tx.keys.add(SIGNING_KEY), lambda tx: tx.changes.latest(1)),
    "letters": (lambda tx: tx.letters.add(LETTER), lambda tx: tx.letters.get(LETTER.id)),
    "link_tokens": (lambda tx: tx.link_tokens.put(LINK_TOKEN), lambda tx: tx.link_tokens.find(HASH)),
    "undo_links": (lambda tx: tx.undo_links.put(UNDO_LINK), lambda tx: tx.undo_links.find(HASH)),
    "sign_in_codes": (lambda tx: tx.sign_in_codes.put(CODE), lambda tx: tx.sign_in_codes.count_try(ADA.id)),
    "adoptions": (
        lambda tx: tx.adoptions.add_all("tutorial", ["1"]),
        lambda tx: tx.adoptions.known("tutorial", ["1"]),
    ),
    "known_agents": (
        lambda tx: tx.known_agents.remember(ADA.id, ["Firefox"]),
        lambda tx: tx.known_agents.of_user(ADA.id),
    ),
    "profiles": (lambda tx: tx.profiles.put(ADA.id, Profile('{"a":1}')), lambda tx: tx.profiles.of_user(ADA.id)),
    "invitations": (
        lambda tx: tx.invitations.put(INVITATION),
        lambda tx: tx.invitations.by_address(INVITATION.email.key),
    ),
    "audit": (lambda tx: tx.audit.append(ENTRY), has_entries),
}


@proves(Transaction, "Reads and writes that are committed together", "A transaction reads what it wrote")
@proves(Storage.transaction, "Roll back when it raises")
@pytest.mark.parametrize("repository", WRITES)
async def test_what_was_rolled_back_is_gone(storage: Storage, repository: str) -> None:
    write, read = WRITES[repository]
    await put(storage, ADA)
    with pytest.raises(LookupError):
        await written_and_refused(storage, write, read)
    async with storage.transaction() as tx:
        assert await tx.users.lock(ADA.id) is not None
        assert not await read(tx)


async def written_and_refused(storage: Storage, write: Step, read: Step) -> None:
    async with storage.transaction() as tx:
        assert await tx.users.lock(ADA.id) is not None
        await write(tx)
        assert await read(tx)
        raise LookupError
