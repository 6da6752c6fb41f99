"""Each storage adapter finds what is held about one account."""

from dataclasses import replace

import pytest

from doorward.application.ports.attempts import AttemptReader
from doorward.application.ports.letters import LetterReader, LinkTokenReader
from doorward.application.ports.storage import Storage
from doorward.domain.accounts.attempts import UNKNOWN_DEVICES, AttemptCount, AttemptKey, DeviceId
from doorward.domain.accounts.email import Email
from doorward.domain.ids import uuid7
from doorward.domain.letters.letter import Letter, LetterKind
from doorward.domain.letters.link_token import LinkPurpose, LinkToken, LinkTokenHash
from doorward.testing.builders import LOGINS, a_user
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put

pytestmark = pytest.mark.asyncio(loop_scope="function")

ADA, GRACE = a_user("ada"), a_user("grace")


@proves(LetterReader.of_user, "Return", "A letter that")
async def test_the_letters_to_one_account_are_found_the_latest_first(storage: Storage) -> None:
    await put(storage, ADA, GRACE)
    letters = [Letter.to_holder(LetterKind.PASSWORD_CHANGED, user, "en", NOON) for user in (ADA, GRACE, ADA)]
    asked_for = Letter.requested(LetterKind.PASSWORD_RESET, Email.parse("ada@example.org"), "en", NOON)
    await put(storage, *letters, asked_for)
    mine = sorted((letters[0], letters[2]), key=lambda letter: letter.id, reverse=True)
    async with storage.reading() as reading:
        assert list(await reading.letters.of_user(ADA.id, 10)) == mine
        assert list(await reading.letters.of_user(ADA.id, 1)) == mine[:1]


@proves(LinkTokenReader.of_user, "Return the tokens of the")
async def test_the_links_of_one_account_are_found(storage: Storage) -> None:
    def token(user_id: bytes) -> LinkToken:
        owner = ADA if user_id == b"a" else GRACE
        return LinkToken(
            hash=LinkTokenHash(user_id * 32),
            purpose=LinkPurpose.PASSWORD_RESET,
            user_id=owner.id,
            address_key=f"{owner.username.key}@example.org",
            expires_at=NOON,
        )

    await put(storage, ADA, GRACE, token(b"a"), token(b"g"))
    async with storage.reading() as reading:
        assert list(await reading.link_tokens.of_user(ADA.id)) == [token(b"a")]


@proves(AttemptReader.of_logins, "Return the counts of all")
async def test_the_counts_at_several_names_are_found(storage: Storage) -> None:
    count = AttemptCount(attempts=3, first_at=NOON, allowed_at=NOON)
    name, email, other = (LOGINS.hash(text) for text in ("ada", "ada@example.org", "grace"))
    device = DeviceId(uuid7(NOON))
    counts = {
        AttemptKey(name, UNKNOWN_DEVICES): count,
        AttemptKey(name, device): replace(count, attempts=1),
        AttemptKey(email, UNKNOWN_DEVICES): replace(count, attempts=2),
    }
    async with storage.transaction() as tx:
        for key, each in {**counts, AttemptKey(other, device): count}.items():
            await tx.attempts.add(key, each)
    async with storage.reading() as reading:
        assert dict(await reading.attempts.of_logins([name, email])) == counts
        assert list(await reading.attempts.of_logins([])) == []
