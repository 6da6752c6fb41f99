import logging
import random
from base64 import b64encode
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Final, final
from urllib.parse import quote

from doorward.guard.clock import Clock
from doorward.guard.fetch import Answer, Fetch
from doorward.guard.key_set import KeySet
from doorward.guard.pending import Pending, settled
from doorward.guard.refusals import Unavailable
from doorward.guard.revocations import Revocations

LOG: Final = logging.getLogger("doorward.guard")

WAIT_SECONDS: Final = 25
"""How long the service may wait for news before it answers (RFC 7240, `Prefer: wait`)."""

MIN_WAIT_SECONDS: Final = 10
"""It waits for less only until the keys should be fetched again, and for so long in any case."""

TIMEOUT_SECONDS: Final = 20.0
"""In addition to the time that the service waits: a list may be long, and the network slow."""

PAUSE_SECONDS: Final = 0.1
"""Between two requests."""

CROWDED_PAUSE_SECONDS: Final = 1.0
"""After an answer that told nothing new and did not wait, because too many others do."""

MAX_PAUSE_SECONDS: Final = 5.0
"""After failures. A list is valid for much longer."""


@final
class Follower:
    """Follows the revocation list and keeps the keys fresh, in one thread per process."""

    def __init__(
        self, url: str, keys: KeySet, revocations: Revocations, clock: Clock, *, fetch: Fetch, authorization: str = ""
    ) -> None:
        self._url = url
        self._keys = keys
        self._revocations = revocations
        self._clock = clock
        self._fetch = fetch
        self._authorization = {"Authorization": authorization} if authorization else {}
        self._etag: str | None = None
        self._failures = 0
        self._first: Future[None] | None = None
        self._lock = Lock()
        self._stopped = Event()

    def start(self) -> None:
        """Begin to follow, if that has not begun. Raise Pending until the first round is over, however it ended."""
        first = self._first or self._begin()
        if not first.done():
            raise Pending(first)

    def stop(self) -> None:
        """Let the thread end after the request that it waits for."""
        self._stopped.set()

    def _begin(self) -> "Future[None]":
        with self._lock:
            if self._first is None:
                first: Future[None] = Future()
                first.set_running_or_notify_cancel()
                Thread(target=self._follow, args=(first,), name="doorward-guard", daemon=True).start()
                self._first = first
            return self._first

    def _follow(self, first: "Future[None]") -> None:
        while not self._stopped.is_set():
            pause = self.round()
            if not first.done():
                first.set_result(None)
            self._stopped.wait(pause)
        if not first.done():
            first.set_result(None)

    def round(self) -> float:
        """Fetch what is due, and return the seconds to pause. It raises nothing, so that the thread goes on."""
        try:
            with suppress(Unavailable):  # the list can be read with the keys that are there
                settled(self._keys.refresh)
            settled(self._keys.check)
            pause = self._fetch_list()
        except (OSError, ValueError, Unavailable) as error:
            return self._failed(error.reason if isinstance(error, Unavailable) else str(error))
        except Exception:
            LOG.exception("The revocation list at %s could not be read.", self._url)
            return self._failed("an unforeseen error")
        if self._failures:
            LOG.info("The revocation list at %s is followed again.", self._url)
        self._failures = 0
        return pause

    def _failed(self, reason: str) -> float:
        if not self._failures:
            LOG.warning("The revocation list at %s could not be fetched: %s", self._url, reason)
        self._failures += 1
        longest = min(MAX_PAUSE_SECONDS, 2.0 ** min(self._failures, 8) / 2)
        return longest * random.uniform(0.5, 1)  # noqa: S311 so that many programs do not ask at the same moment

    def _fetch_list(self) -> float:
        """Read the list if there is something new, and return the seconds to pause."""
        waits = self._etag is not None and self._revocations.is_heard(self._clock.now())
        timeout = TIMEOUT_SECONDS + (WAIT_SECONDS if waits else 0)
        answer = self._fetch(self._address(), self._headers(waits=waits), timeout)
        if answer.status == 304 and waits:
            return PAUSE_SECONDS if "preference-applied" in answer.headers else CROWDED_PAUSE_SECONDS
        if answer.status != 200:
            raise OSError(f"The answer has the status {answer.status}.")
        self._read(answer)
        return PAUSE_SECONDS

    def _address(self) -> str:
        cursor = self._revocations.cursor
        return self._url if cursor is None else f"{self._url}?since={quote(cursor, safe='')}"

    def _headers(self, *, waits: bool) -> Mapping[str, str]:
        wait = max(MIN_WAIT_SECONDS, min(WAIT_SECONDS, int(self._keys.seconds_until_due())))
        conditional = {"If-None-Match": self._etag or "", "Prefer": f"wait={wait}"} if waits else {}
        return {"Accept": "application/jwt", **conditional, **self._authorization}

    def _read(self, answer: Answer) -> None:
        try:
            document, now = answer.body.decode("ascii"), self._clock.now()
            settled(lambda: self._revocations.read(document, self._keys.key_of, now))
        except ValueError:
            self._etag = self._revocations.cursor = None  # the next answer has all entries
            raise
        self._etag = answer.headers.get("etag")


def basic(name: str, secret: str) -> str:
    """Return the Authorization header of a registered service (RFC 7617; RFC 6749, section 2.3.1)."""
    return f"Basic {b64encode(f'{quote(name)}:{quote(secret)}'.encode()).decode()}"
