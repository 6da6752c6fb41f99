import logging
import re
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from math import ceil, inf
from threading import Lock, Thread
from typing import Final, final

from doorward.guard.clock import Clock
from doorward.guard.fetch import Answer, Fetch
from doorward.guard.jwks import read_key_set
from doorward.guard.pending import Pending
from doorward.guard.refusals import Unavailable
from doorward.tokens.verifying_key import VerifyingKey

LOG: Final = logging.getLogger("doorward.guard")

PAUSE_SECONDS: Final = 10
"""The shortest time between two fetches, whatever keys strangers name."""

FRESH_SECONDS: Final = 300
"""The longest time after which the keys are fetched again. An answer may ask for a shorter one by Cache-Control."""

KEEP_SECONDS: Final = 600
"""How long keys are used while the service does not answer."""

TIMEOUT_SECONDS: Final = 5.0

MAX_AGE: Final = re.compile(r"(?:^|[,\s])max-age=([0-9]{1,9})", re.IGNORECASE)


@final
class KeySet:
    """The public keys of the service. One fetch runs at a time, in a thread of its own; all that need it wait for
    it."""

    def __init__(self, url: str, algorithms: Collection[str], fetch: Fetch, clock: Clock) -> None:
        self._url = url
        self._algorithms = algorithms
        self._fetch = fetch
        self._clock = clock
        self._keys: Mapping[str, VerifyingKey] = {}
        self._fetched_at = self._tried_at = -inf
        self._due_at = -inf
        self._failure: str | None = None
        """Why the last fetch failed; None after one that did not."""
        self._etag: str | None = None
        self._fetching: Future[None] | None = None
        self._lock = Lock()

    def key_of(self, kid: str) -> VerifyingKey | None:
        """Return the key with exactly this id, or None when the service has no such key.

        Raise Pending when the keys are being fetched, and Unavailable when they could not be: the service may have such
        a key.
        """
        key = self._keys.get(kid)
        if key is not None and not self._is_too_old():
            return key
        fetching = self._fetch_again()
        if fetching is not None:
            raise Pending(fetching)
        if self._is_too_old() or self._failure is not None:
            raise Unavailable(f"The keys could not be fetched: {self._failure}", self._pause())
        return self._keys.get(kid)

    def check(self) -> None:
        """Raise as `key_of` does unless there are keys that may be used."""
        if not self._keys or self._is_too_old():
            self.key_of("")

    def refresh(self) -> None:
        """Begin to fetch the keys again if that is due. Raise Pending while a fetch runs."""
        if self.seconds_until_due() <= 0:
            fetching = self._fetch_again()
            if fetching is not None:
                raise Pending(fetching)

    def seconds_until_due(self) -> float:
        """Return when the keys should be fetched again; not positive if they should be now."""
        return self._due_at - self._clock.monotonic()

    def _is_too_old(self) -> bool:
        return self._clock.monotonic() - self._fetched_at > KEEP_SECONDS

    def _pause(self) -> int:
        """Return the seconds until the next fetch is possible, at least 1."""
        return max(1, ceil(self._tried_at + PAUSE_SECONDS - self._clock.monotonic()))

    def _fetch_again(self) -> "Future[None] | None":
        """Return the fetch that runs or was begun now; None if the last one is less than PAUSE_SECONDS ago."""
        with self._lock:
            if self._fetching is not None and not self._fetching.done():
                return self._fetching
            now = self._clock.monotonic()
            if now - self._tried_at < PAUSE_SECONDS:
                return None
            self._tried_at = now
            fetching: Future[None] = Future()
            fetching.set_running_or_notify_cancel()
            Thread(target=self._run, args=(fetching,), name="doorward-guard-keys", daemon=True).start()
            self._fetching = fetching
            return fetching

    def _run(self, fetching: "Future[None]") -> None:
        failure: str | None = None
        try:
            self._read()
        except (OSError, ValueError) as error:
            failure = f"{type(error).__name__}: {error}"
            if self._failure is None:
                LOG.warning("The keys at %s could not be fetched: %s", self._url, failure)
        except Exception as error:
            failure = type(error).__name__
            LOG.exception("The keys at %s could not be fetched.", self._url)
        finally:
            self._failure = failure
            fetching.set_result(None)

    def _read(self) -> None:
        known = {"If-None-Match": self._etag} if self._etag else {}
        answer = self._fetch(self._url, {"Accept": "application/json", **known}, TIMEOUT_SECONDS)
        if answer.status == 200:
            self._keys = read_key_set(answer.body, self._algorithms)
            self._etag = answer.headers.get("etag")
        elif answer.status != 304 or not known:
            raise OSError(f"The answer has the status {answer.status}.")
        self._fetched_at = self._clock.monotonic()
        self._due_at = self._fetched_at + fresh_seconds(answer)


def fresh_seconds(answer: Answer) -> int:
    """Return for how long the answer is fresh (RFC 9111, section 4.2): at least PAUSE_SECONDS, at most
    FRESH_SECONDS."""
    given = MAX_AGE.search(answer.headers.get("cache-control", ""))
    age = answer.headers.get("age", "")
    left = (int(given[1]) if given else FRESH_SECONDS) - (int(age) if age.isascii() and age.isdigit() else 0)
    return max(PAUSE_SECONDS, min(left, FRESH_SECONDS))
