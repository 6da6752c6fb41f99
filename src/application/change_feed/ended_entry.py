"""One end that a node knows, and the order in which it keeps the ends: those that it found last come last."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from doorward.domain.ids import SessionId, UserId


@dataclass(frozen=True, slots=True)
class Entry:
    """One end. `until` is published to services; the other times are of the monotonic clock, which nobody sets."""

    session_id: SessionId | None
    user_id: UserId
    until: datetime
    added_at: float
    expires_at: float
    epoch: int = 0
    found_at: int | None = None
    """The last number of the change feed when this node had read the end there; None before."""


Id = TypeVar("Id", SessionId, UserId)


def newest(entries: dict[Id, Entry], position: int, limit: int) -> list[Entry] | None:
    """Return the entries that were found at the position or later, or None if there are more than `limit`."""
    found: list[Entry] = []
    for entry in reversed(entries.values()):
        if entry.found_at is not None and entry.found_at < position:
            return found
        if len(found) == limit:
            return None
        found.append(entry)
    return found


def found_anew(entries: dict[Id, Entry], found_at: int) -> dict[Id, Entry]:
    """Return the entries as if the feed had contained all of them at that number."""
    return {key: replace(entry, found_at=found_at) for key, entry in entries.items()}


def moved_if_unread(entries: dict[Id, Entry], key: Id) -> bool:
    """Make the entry the newest one if the feed has not reported it yet, and return whether that is so."""
    entry = entries.get(key)
    if entry is None or entry.found_at is not None:
        return False
    del entries[key]
    entries[key] = entry
    return True
