import asyncio
import random
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import final

from doorward.application.letters.prepare_letter import PrepareLetter
from doorward.application.ports.clock import Clock
from doorward.application.ports.letters import LetterContents, Mailer
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.storage import Storage
from doorward.application.transactions import retried
from doorward.domain.accounts.user import User
from doorward.domain.errors import LetterUndelivered, Unavailable
from doorward.domain.letters.letter import REQUESTED, Letter, LetterState

LEASE = "letters"
LEASE_DURATION = timedelta(minutes=2)
"""Longer than one batch, so that the node that sends goes on sending."""

POLL_SECONDS = 2.0
"""The pause after a look at the outbox that found nothing. A look is one read, and nothing is written."""

LETTERS_AT_ONCE = 4
SEND_TIMEOUT_SECONDS = 30.0
"""Shorter than the first pause of a letter, so that an attempt has ended before the next one is due."""


@final
class LetterSender:
    """Sends the letters of the outbox, on one node at a time.

    Each attempt is stored before it is made. If the process ends in the middle of it, the letter is sent once more
    after a pause: it may be repeated and is never lost. Should two nodes send at once, the version of the letter lets
    one of them send it.
    """

    def __init__(
        self, storage: Storage, prepare: PrepareLetter, mailer: Mailer, clock: Clock, log: SecurityLog
    ) -> None:
        self._storage = storage
        self._prepare = prepare
        self._mailer = mailer
        self._clock = clock
        self._log = log
        self._holder = secrets.token_hex(8)
        self._round = asyncio.Lock()
        self._has_lease = False

    async def run(self) -> None:
        """Send what is due, every POLL_SECONDS, until cancelled. Another process may send at once then."""
        try:
            while True:
                await self._send_and_report()
                await asyncio.sleep(POLL_SECONDS)
        finally:
            with suppress(Unavailable):  # the lease expires by itself
                await self._give_up_lease()

    async def _send_and_report(self) -> None:
        try:
            await self.once()
        except Unavailable:
            pass  # the change feed reports it; the letters stay in the outbox
        except Exception as error:  # noqa: BLE001 an unforeseen error must not stop the rounds
            self._log.record(SecurityEvent.MAINTENANCE_FAILED, reason=type(error).__name__, work="send_letters")

    async def once(self) -> int:
        """Make one attempt with each letter that is due, and return how many were made. Do nothing while another node
        holds the lease. A round that runs already ends first. Raise StorageUnavailable."""
        async with self._round:
            return await self._send_what_is_due()

    async def _send_what_is_due(self) -> int:
        attempts = 0
        while letters := await self._due():
            self._has_lease = await self._take_lease(self._clock.now())
            if not self._has_lease:
                break
            outcomes = await asyncio.gather(*map(self._deliver, letters), return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
            attempts += sum(outcome is True for outcome in outcomes)
        return attempts

    async def _due(self) -> list[Letter]:
        async with self._storage.reading() as reading:
            return list(await reading.letters.due(self._clock.now(), LETTERS_AT_ONCE))

    @retried
    async def _take_lease(self, now: datetime) -> bool:
        """Return False as well if the clock of this node is wrong: it would give up letters that are not too late."""
        async with self._storage.transaction() as tx:
            beat = await tx.heartbeats.newest()
            if beat is not None and beat.contradicts(now):
                return False
            return await tx.leases.take(LEASE, self._holder, now, now + LEASE_DURATION)

    @retried
    async def _give_up_lease(self) -> None:
        if self._has_lease:
            async with self._storage.transaction() as tx:
                await tx.leases.give_up(LEASE, self._holder)

    async def _deliver(self, letter: Letter) -> bool:
        """Return whether an attempt was made."""
        now = self._clock.now()
        if letter.is_over(now):
            await self._settle(letter.failed(letter.reason or "too late", now, final=True))
            return False
        claimed = await self._claim(letter, now)
        if claimed is None:
            return False
        attempted, contents = claimed
        await self._settle(await self._attempt(attempted, contents))
        return True

    @retried
    async def _claim(self, letter: Letter, now: datetime) -> tuple[Letter, LetterContents] | None:
        """Store that an attempt begins, and return what to send. Return None if there is nothing to send, or if another
        node sends it."""
        async with self._storage.transaction() as tx:
            to = await self._prepare.addressee(tx, letter, now)
            if to is not None:
                user = to if isinstance(to, User) else None
                attempted = letter.attempted(now, random.random(), user)  # noqa: S311 jitter, no secret
                if not await tx.letters.save(attempted):
                    return None
                return attempted, await self._prepare.contents(tx, attempted, to, now)
            removed = await tx.letters.remove(letter.id)
        if removed:
            reason = "no_such_account" if letter.kind in REQUESTED else "not_wanted_any_more"
            self._log.record(SecurityEvent.LETTER_DISCARDED, kind=letter.kind, letter_id=str(letter.id), reason=reason)
        return None

    async def _attempt(self, letter: Letter, contents: LetterContents) -> Letter:
        """Try to send the letter, and return it as it is to be stored afterwards."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                await self._mailer.send(contents)
        except LetterUndelivered as failure:
            return letter.failed(str(failure), self._clock.now(), final=failure.final)
        except TimeoutError:
            return letter.failed("the mail server did not answer in time", self._clock.now())
        except Exception as error:  # noqa: BLE001 such as an error in a template of the operator's
            return letter.failed(type(error).__name__, self._clock.now())
        return letter.sent(self._clock.now())

    @retried
    async def _save(self, letter: Letter) -> bool:
        async with self._storage.transaction() as tx:
            return await tx.letters.save(letter)

    async def _settle(self, letter: Letter) -> None:
        """Store the outcome of an attempt, and log it."""
        if not await self._save(letter):
            return
        event = {
            LetterState.SENT: SecurityEvent.LETTER_SENT,
            LetterState.WAITING: SecurityEvent.LETTER_FAILED,
            LetterState.GIVEN_UP: SecurityEvent.LETTER_GIVEN_UP,
        }[letter.state]
        self._log.record(
            event,
            kind=letter.kind,
            letter_id=str(letter.id),
            user_id=str(letter.user_id) if letter.user_id else None,
            attempts=letter.attempts,
            reason=letter.reason or None,
        )
