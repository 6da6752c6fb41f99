from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import final

from doorward.application.change_feed.end_slice import EndSlice
from doorward.application.change_feed.sessions_of_accounts import SessionsOfAccounts
from doorward.domain.ids import UserId


@final
class KnownEnds:
    """The ends that a node knows, in slices. It takes 200 to 300 bytes for each.

    An end is in one slice. The feed reports the ends that this node has committed itself, too. Then they move from a
    slice of its own to one of those that were found in the feed.
    """

    def __init__(self) -> None:
        self.sessions: dict[int, EndSlice] = {}
        """The slices of the sessions that have ended."""
        self.accounts: dict[int, EndSlice] = {}
        """The slices of the accounts whose tokens of earlier epochs are revoked."""
        self.digest = 0
        """A sum of hashes. Nodes that know the same ends have the same one."""
        self._of_accounts = SessionsOfAccounts()
        self._found: list[EndSlice] = []
        """In the order in which they were found."""
        self._own: list[EndSlice] = []

    def __len__(self) -> int:
        return len(self.sessions) + len(self.accounts)

    def add_slice(self, piece: EndSlice) -> None:
        """Add an empty slice, which is the newest one."""
        (self._own if piece.found_at is None else self._found).append(piece)

    def put_session(self, session: int, user: int, piece: EndSlice) -> bool:
        """Put the end into the slice, unless it is in as good a one. Return whether it was unknown."""
        known = self.sessions.get(session)
        if known is None:
            self.digest += digest_of(session)
            self._of_accounts.add(user, session)
        elif is_as_good(known, piece):
            return False
        else:
            del known.sessions[session]
        self.sessions[session] = piece
        piece.sessions[session] = user
        return known is None

    def put_account(self, user: int, epoch: int, piece: EndSlice) -> bool:
        """Put the epoch of the account into the slice, unless as high a one is in as good a slice. Return whether no
        epoch as high was known."""
        known = self.accounts.get(user)
        known_epoch = -1 if known is None else known.accounts[user]
        if known is not None:
            if epoch <= known_epoch and is_as_good(known, piece):
                return False
            del known.accounts[user]
            self.digest -= digest_of(user, known_epoch)
        highest = max(epoch, known_epoch)
        self.digest += digest_of(user, highest)
        self.accounts[user] = piece
        piece.accounts[user] = highest
        return epoch > known_epoch

    def epoch_of(self, user: int) -> int:
        """Return the first epoch of the account whose tokens are valid; 0 if none are revoked by an epoch."""
        piece = self.accounts.get(user)
        return 0 if piece is None else piece.accounts[user]

    def number_of(self, user_id: UserId) -> int:
        """Return how many ended sessions of the account are known."""
        return self._of_accounts.number_of(user_id.int)

    def remove_sessions(self, user: int, is_covered: Callable[[EndSlice], bool]) -> None:
        """Remove the ended sessions of the account that are in such slices."""
        for session in self._of_accounts.of(user):
            if is_covered(self.sessions[session]):
                self._remove(session)

    def remove_expired(self, now: float) -> bool:
        """Remove the slices that have expired at that monotonic time, and return whether there were any."""
        expired = [piece for piece in (*self._own, *self._found) if piece.expires_at <= now]
        for piece in expired:
            for session in list(piece.sessions):
                self._remove(session)
            for user, epoch in piece.accounts.items():
                self.digest -= digest_of(user, epoch)
                del self.accounts[user]
            piece.accounts.clear()
        self._own = [piece for piece in self._own if piece]
        self._found = [piece for piece in self._found if piece]
        return bool(expired)

    def all(self) -> Sequence[EndSlice]:
        """Return all slices."""
        return [*self._found, *self._own]

    def since(self, at: int, limit: int) -> Sequence[EndSlice] | None:
        """Return the slices that were found when the feed had a newest change of that time or a later one, and those
        that were not found yet. Return None if they contain more than `limit` ends."""
        slices = list(self._own)
        for piece in reversed(self._found):
            if piece.found_at is not None and piece.found_at < at:
                break
            slices.append(piece)
        return None if sum(map(len, slices)) > limit else slices

    def find_anew(self, found_at: int) -> None:
        """Let all ends count as found at that time in another feed."""
        self._found, self._own = [*self._found, *self._own], []
        for piece in self._found:
            piece.found_at, piece.announced_at = found_at, None

    def _remove(self, session: int) -> None:
        user = self.sessions.pop(session).sessions.pop(session)
        self._of_accounts.remove(user, session)
        self.digest -= digest_of(session)


def is_as_good(known: EndSlice, other: EndSlice) -> bool:
    """Return whether an end that is in the known slice need not move to the other one."""
    return known.found_at is not None or other.found_at is None


def digest_of(identifier: int, epoch: int = 0) -> int:
    return int.from_bytes(sha256(identifier.to_bytes(16) + epoch.to_bytes(8)).digest())
