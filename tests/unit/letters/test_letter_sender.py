"""The sender of the outbox, with a clock that is moved."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from doorward.application.letters.letter_sender import LEASE_DURATION
from doorward.application.letters.prune_letters import KEPT, PruneLetters
from doorward.application.letters.retry_letter import RetryLetter
from doorward.application.ports.letters import LetterContents
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.accounts.user import User
from doorward.domain.errors import LetterMissing, LetterUndelivered, LetterWasSent
from doorward.domain.letters.letter import (
    FIRST_PAUSE,
    LIFE,
    LONGEST_PAUSE,
    Letter,
    LetterKind,
    LetterState,
    pause_after,
)
from doorward.testing.doubles import NOON
from doorward.testing.storage_access import put
from support.house import House

TWO_DAYS_OF_MINUTES = 2 * 24 * 60


class Crash(BaseException):
    """The process ends."""


async def ordered(house: House) -> tuple[User, Letter]:
    """An account, and a letter to its holder in the outbox."""
    ada = await house.with_user("ada")
    letter = Letter.to_holder(LetterKind.PASSWORD_CHANGED, ada, "fr", house.clock.now())
    await put(house.storage, letter)
    return ada, letter


async def stored(house: House, letter: Letter) -> Letter:
    async with house.storage.reading() as reading:
        found = await reading.letters.get(letter.id)
    assert found is not None
    return found


async def test_a_letter_is_sent_once_to_the_holder_of_the_account() -> None:
    house = House()
    _, letter = await ordered(house)
    assert [await house.send_letters() for _ in range(2)] == [1, 0]
    assert house.mailer.sent == [
        LetterContents(
            letter_id=letter.id,
            kind=LetterKind.PASSWORD_CHANGED,
            recipient="ada@example.org",
            language="fr",
            username="ada",
            written_at=NOON,
            sent_at=NOON,
        )
    ]
    assert (await stored(house, letter)).state is LetterState.SENT
    assert [line["attempts"] for line in house.log.of(SecurityEvent.LETTER_SENT)] == [1]
    assert "example.org" not in repr(house.log.events)


def test_the_pause_doubles_from_a_minute_to_an_hour_and_has_jitter() -> None:
    pauses = [pause_after(attempt, 0.0) for attempt in range(1, 40)]
    assert pauses[:7] == [FIRST_PAUSE * 2**number for number in range(6)] + [LONGEST_PAUSE]
    assert set(pauses[7:]) == {LONGEST_PAUSE}
    assert pause_after(1, 1.0) == FIRST_PAUSE * 1.5


async def test_a_letter_is_tried_again_after_longer_and_longer_pauses() -> None:
    """F-37."""
    house = House()
    _, letter = await ordered(house)
    house.mailer.failure = LetterUndelivered("the server refused the message (451)")
    due = []
    for _ in range(4):
        await house.send_letters()
        waiting = await stored(house, letter)
        due.append((waiting.due_at - house.clock.now()) / FIRST_PAUSE)
        house.clock.move((waiting.due_at - house.clock.now()).total_seconds() - 1)
        assert await house.send_letters() == 0
        house.clock.move(1)
    for number, pause in enumerate(due):
        assert 2**number <= pause <= 1.5 * 2**number
    house.mailer.failure = None
    assert await house.send_letters() == 1
    (contents,) = house.mailer.sent
    assert (contents.letter_id, contents.written_at, contents.sent_at) == (letter.id, NOON, house.clock.now())
    assert {line["reason"] for line in house.log.of(SecurityEvent.LETTER_FAILED)} == {
        "the server refused the message (451)"
    }


async def test_a_letter_that_fails_for_a_day_is_given_up_with_an_event() -> None:
    """F-37."""
    house = House()
    _, letter = await ordered(house)
    house.mailer.failure = LetterUndelivered("the mail server did not answer in time")
    for _ in range(TWO_DAYS_OF_MINUTES // 10):
        await house.send_letters()
        house.clock.move(600)
    given_up = await stored(house, letter)
    assert given_up.state is LetterState.GIVEN_UP
    assert given_up.finished_at is not None
    assert LIFE - 1.5 * LONGEST_PAUSE <= given_up.finished_at - NOON <= LIFE
    assert 18 <= given_up.attempts <= 40
    (line,) = house.log.of(SecurityEvent.LETTER_GIVEN_UP)
    assert (line["letter_id"], line["reason"]) == (str(letter.id), "the mail server did not answer in time")


async def test_a_letter_that_was_too_late_while_no_node_was_running_is_not_sent() -> None:
    house = House()
    _, letter = await ordered(house)
    house.clock.move(LIFE.total_seconds())
    assert await house.send_letters() == 0
    assert house.mailer.attempts == 0
    assert (await stored(house, letter)).state is LetterState.GIVEN_UP


async def test_a_final_refusal_is_not_tried_again() -> None:
    house = House()
    _, letter = await ordered(house)
    house.mailer.failure = LetterUndelivered("the server refused the recipient (550)", final=True)
    await house.send_letters()
    house.clock.move(LIFE.total_seconds() / 2)
    await house.send_letters()
    assert house.mailer.attempts == 1
    assert (await stored(house, letter)).state is LetterState.GIVEN_UP


async def test_an_unforeseen_error_counts_as_a_failure_and_shows_its_class_only() -> None:
    house = House()
    _, letter = await ordered(house)
    house.mailer.failure = ZeroDivisionError("ada@example.org")
    assert await house.send_letters() == 1
    assert (await stored(house, letter)).reason == "ZeroDivisionError"


async def test_a_crash_in_the_middle_of_an_attempt_repeats_the_letter_and_never_loses_it() -> None:
    """F-37."""
    house = House()
    _, letter = await ordered(house)
    house.mailer.failure = Crash()
    with pytest.raises(Crash):
        await house.send_letters()
    house.mailer.failure = None
    house.clock.move(1.5 * FIRST_PAUSE.total_seconds() + LEASE_DURATION.total_seconds())
    assert await house.send_letters() == 1
    assert (await stored(house, letter)).attempts == 2
    house.clock.move(LIFE.total_seconds())
    assert await house.send_letters() == 0


async def test_one_node_at_a_time_sends() -> None:
    house = House()
    await ordered(house)
    house.mailer.failure = LetterUndelivered("away")
    first, second = house.sender, house.another_sender()
    assert await first.once() == 1
    house.clock.move(1.5 * FIRST_PAUSE.total_seconds())
    assert await second.once() == 0
    house.clock.move(LEASE_DURATION.total_seconds())
    assert await second.once() == 1


async def test_a_process_that_stops_lets_the_next_one_send_at_once() -> None:
    house = House()
    ada, letter = await ordered(house)
    first, second = house.sender, house.another_sender()
    running = asyncio.create_task(first.run())
    while not house.mailer.sent:
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await put(house.storage, Letter.to_holder(letter.kind, ada, "fr", house.clock.now()))
    assert await second.once() == 1


async def test_two_nodes_that_send_at_once_send_a_letter_once() -> None:
    house = House()
    _, letter = await ordered(house)
    claimed = await house.sender._claim(letter, NOON)  # noqa: SLF001 after its look at the outbox
    assert claimed is not None
    assert await house.another_sender()._claim(letter, NOON) is None  # noqa: SLF001


async def test_a_letter_to_an_account_that_is_gone_is_discarded() -> None:
    house = House()
    ada = await house.with_user("ada")
    orphan = replace(Letter.to_holder(LetterKind.PASSWORD_CHANGED, ada, "en", NOON), user_id=None)
    await put(house.storage, orphan)
    assert await house.send_letters() == 0
    assert house.mailer.attempts == 0
    assert len(house.log.of(SecurityEvent.LETTER_DISCARDED)) == 1


async def test_letters_are_pruned_a_week_after_they_were_sent() -> None:
    house = House()
    _, letter = await ordered(house)
    await house.send_letters()
    prune = PruneLetters(house.storage)
    assert await prune(NOON + KEPT) == 0
    assert await prune(NOON + KEPT + timedelta(seconds=1)) == 1
    async with house.storage.reading() as reading:
        assert await reading.letters.get(letter.id) is None


async def test_a_letter_that_was_given_up_is_sent_when_an_operator_says_so() -> None:
    house = House()
    _, letter = await ordered(house)
    house.mailer.failure = LetterUndelivered("refused", final=True)
    await house.send_letters()
    house.mailer.failure = None
    house.clock.move(2 * LIFE.total_seconds())
    retry = RetryLetter(house.storage)
    await retry(letter.id, house.clock.now())
    assert await house.send_letters() == 1
    with pytest.raises(LetterWasSent):
        await retry(letter.id, house.clock.now())
    with pytest.raises(LetterMissing):
        await retry(Letter.to_holder(LetterKind.TEST, await house.with_user("eve"), "en", NOON).id, NOON)
