from collections.abc import Mapping
from datetime import datetime
from typing import Final, Never, final

from doorward.guard.refusals import InvalidToken, Unavailable
from doorward.tokens.claims import CANONICAL_UUID, MAX_EPOCH, MAX_TIMESTAMP, Claims, integer, valid_period
from doorward.tokens.jws import TokenLimits
from doorward.tokens.signed import KeyOf, read_signed

TYPES: Final = frozenset({"revocations+jwt"})
LIMITS: Final = TokenLimits(characters=32 * 1024 * 1024, values=2_000_000)
CLEAN_UP_SECONDS: Final = 10


@final
class Revocations:
    """The sessions and accounts whose tokens are refused before they expire. One thread reads lists, any may check."""

    def __init__(self, issuer: str, audience: str) -> None:
        self._issuer = issuer
        self._audience = audience
        self._sessions: dict[str, int] = {}
        """The time after which an entry is of no use, by `sid`."""
        self._accounts: dict[str, tuple[int, int]] = {}
        """The lowest epoch that is accepted, and the time after which the entry is of no use, by `sub`."""
        self._known_until = 0.0
        self._clean_up_at = 0.0
        self.cursor: str | None = None

    def read(self, document: str, key_of: KeyOf, now: datetime) -> None:
        """Add the entries of a list to those that are known: the lists of two nodes may differ for a moment.

        Raise ValueError unless the list was signed by the service, is valid at `now`, and begins at our cursor or has
        all entries. Then nothing was added.
        """
        _, claims = read_signed(document, TYPES, key_of, limits=LIMITS)
        if claims.get("iss") != self._issuer or claims.get("aud") != self._audience:
            raise ValueError("The list is of another issuer or for another audience.")
        _, expires_at = valid_period(claims, now)
        if claims.get("since", self.cursor) != self.cursor:
            raise ValueError("The list begins at another cursor.")
        cursor = text(claims, "cursor")
        sessions = {identifier(entry, "sid"): expiry(entry) for entry in entries(claims, "sessions")}
        accounts = [
            (identifier(entry, "sub"), integer(entry, "epoch", MAX_EPOCH), expiry(entry))
            for entry in entries(claims, "accounts")
        ]
        self._sessions.update(sessions)
        for sub, epoch, until in accounts:
            known_epoch, known_until = self._accounts.get(sub, (0, 0))
            self._accounts[sub] = max(epoch, known_epoch), max(until, known_until)
        self.cursor, self._known_until = cursor, float(expires_at)
        self._clean_up(now.timestamp())

    def check(self, claims: Claims, now: datetime) -> None:
        """Raise InvalidToken if the session of the token has ended, and Unavailable if nobody can tell at `now`."""
        epoch, _ = self._accounts.get(str(claims.subject), (0, 0))
        if str(claims.session_id) in self._sessions or claims.epoch < epoch:
            raise InvalidToken("The session has ended.")
        self.check_heard(now)

    def check_heard(self, now: datetime) -> None:
        """Raise Unavailable if the last list is not valid any more, or there was none."""
        if not self.is_heard(now):
            raise Unavailable("The revocation list is too old, or there was none.")

    def is_heard(self, now: datetime) -> bool:
        """Return whether the last list is valid. The wall clock decides, because it runs on while a machine sleeps."""
        return now.timestamp() < self._known_until

    def _clean_up(self, now: float) -> None:
        """Forget entries of no use, at most every CLEAN_UP_SECONDS. A clock that was set back does not delay that."""
        if now < self._clean_up_at < now + 2 * CLEAN_UP_SECONDS:
            return
        self._clean_up_at = now + CLEAN_UP_SECONDS
        for sid in [sid for sid, until in self._sessions.items() if until <= now]:
            del self._sessions[sid]
        for sub in [sub for sub, (_, until) in self._accounts.items() if until <= now]:
            del self._accounts[sub]


def entries(claims: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    """Return the entries of a list. Raise ValueError if they are no objects."""
    found = claims.get(name)
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        refuse(name)
    return found


def text(members: Mapping[str, object], name: str) -> str:
    """Return a member that is a text. Raise ValueError."""
    value = members.get(name)
    return value if isinstance(value, str) else refuse(name)


def identifier(entry: Mapping[str, object], name: str) -> str:
    """Return a member that is a UUID in its canonical form. Raise ValueError."""
    value = text(entry, name)
    return value if CANONICAL_UUID.fullmatch(value) else refuse(name)


def refuse(name: str) -> Never:
    raise ValueError(f"The member {name} of the list is missing or of another type.")


def expiry(entry: Mapping[str, object]) -> int:
    return integer(entry, "exp", MAX_TIMESTAMP)
