"""The contract of Mailer, for three fixtures.

`mailer` is the mailer, `message_ids` returns a function that returns the Message-ID of each letter that it delivered,
and `broken_mailer` is one that can deliver nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from doorward.application.ports.letters import LetterContents, Mailer
from doorward.domain.errors import LetterUndelivered
from doorward.domain.ids import LetterId, uuid7
from doorward.domain.letters.language import LANGUAGES
from doorward.domain.letters.letter import LetterKind
from doorward.testing.builders import letter_contents
from doorward.testing.contracts.promises import proves
from doorward.testing.doubles import NOON

pytestmark = pytest.mark.asyncio(loop_scope="function")

MessageIds = Callable[[], Sequence[str]]
WITHOUT_LINK = {LetterKind.TEST, LetterKind.SIGN_IN_CODE, LetterKind.EMAIL_IN_USE}
HOSTILE = "ada\r\nBcc: eve@example.org\r\n\r\n<b>\u2028{{ 7 * 7 }} %(username)s"


def letter(kind: LetterKind, username: str = "ada") -> LetterContents:
    """Return what a letter of this kind contains, under an id of its own."""
    return replace(
        letter_contents(),
        letter_id=LetterId(uuid7(NOON)),
        kind=kind,
        username=username,
        token=None if kind in WITHOUT_LINK else "T" * 43,
        code="04839271" if kind is LetterKind.SIGN_IN_CODE else None,
        details={"agent": "Firefox (Linux)", "address": "192.0.2.7"} if kind is LetterKind.NEW_DEVICE else {},
    )


@proves(Mailer.send, "Return when the letter was handed over")
async def test_a_letter_of_every_kind_and_in_every_language_is_delivered_once(
    mailer: Mailer, message_ids: MessageIds
) -> None:
    letters = [letter(kind) for kind in LetterKind]
    letters += [replace(letter(LetterKind.PASSWORD_RESET), language=language) for language in LANGUAGES]
    for contents in letters:
        await mailer.send(contents)
    assert len(set(message_ids())) == len(message_ids()) == len(letters)


@proves(Mailer.send, "The same letter has the same Message-ID")
async def test_a_repeated_letter_has_the_same_message_id(mailer: Mailer, message_ids: MessageIds) -> None:
    first = letter(LetterKind.TEST)
    for contents in (first, letter(LetterKind.TEST), first):
        await mailer.send(contents)
    assert len(set(message_ids())) == 2


@proves(Mailer.send, "Raise LetterUndelivered", "The refusal contains neither")
async def test_a_letter_that_cannot_be_delivered_is_refused_without_showing_it(broken_mailer: Mailer) -> None:
    """LG-03."""
    contents = letter(LetterKind.PASSWORD_RESET)
    with pytest.raises(LetterUndelivered) as refused:
        await broken_mailer.send(contents)
    assert not refused.value.final
    assert str(refused.value)
    for secret in (contents.recipient, contents.token):
        assert str(secret) not in str(refused.value)


@proves(Mailer.send, "Return when the letter was handed over")
async def test_no_name_breaks_a_letter(mailer: Mailer, message_ids: MessageIds) -> None:
    await mailer.send(letter(LetterKind.PASSWORD_RESET, HOSTILE))
    assert len(message_ids()) == 1
