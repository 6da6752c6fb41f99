"""Verifies an export of the audit log. Nothing but its lines is needed: neither a database nor a setting."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, final

from doorward.application.ports.audit import AuditRecord
from doorward.domain.audit.sealed_entry import AuditStream, SealedEntry, StreamId
from doorward.domain.errors import AuditBroken


@dataclass(frozen=True, slots=True)
class ExportEnd:
    """The last line of an export, so that one that was cut off is noticed."""

    streams: int
    entries: int


ExportLine: TypeAlias = AuditStream | AuditRecord | ExportEnd
Opener: TypeAlias = Callable[[SealedEntry, Mapping[str, bytes]], AuditRecord]
"""Opens an entry with the keys that its line discloses."""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of a chain, as far as another export must agree with it."""

    number: int
    hash: bytes


Heads: TypeAlias = Mapping[StreamId, Link]


NOTHING_SHOWN: Final[tuple[object, ...]] = (None, {}, {}, False)
"""What an entry shows in an export without `--readable`."""


@dataclass(slots=True)
class Verified:
    """What an export proves."""

    heads: dict[StreamId, Link] = field(default_factory=dict)
    """The last entry of each stream."""
    entries: int = 0
    continued: int = 0
    """How many streams of the earlier export are still there and agree with it."""
    pruned: int = 0
    """How many of them have lost the entries to compare, because these were pruned."""
    missing: list[StreamId] = field(default_factory=list)
    """Streams of the earlier export that are not there any more."""


@final
class Verification:
    """Reads an export line by line."""

    def __init__(self, opened: Opener, earlier: Heads) -> None:
        self._opened = opened
        self._earlier = earlier
        self._result = Verified()
        self._stream: StreamId | None = None
        self._last = Link(0, b"")
        self._line = 0

    def of(self, lines: Iterable[ExportLine]) -> Verified:
        """Return what the lines prove. Raise AuditBroken at the first that is wrong. The first line of the file is its
        heading, so these lines begin with number 2."""
        ended = False
        for self._line, line in enumerate(lines, 2):
            if ended:
                raise self._broken("something follows the end")
            match line:
                case AuditStream():
                    self._begin(line)
                case AuditRecord():
                    self._follow(line)
                case ExportEnd():
                    self._end(line)
                    ended = True
        self._line += 0 if ended else 1
        if not ended:
            raise self._broken("the end is missing, so the file was cut off")
        missing = self._earlier.keys() - self._result.heads.keys()
        self._result.missing = sorted(missing)
        return self._result

    def _begin(self, stream: AuditStream) -> None:
        self._finish()
        if self._stream is not None and stream.id <= self._stream:
            raise self._broken("the stream is not in its place, or appears twice")
        self._stream, self._last = stream.id, Link(stream.pruned_number, stream.pruned_hash)
        self._result.heads[stream.id] = self._last
        known = self._earlier.get(stream.id)
        if known is not None and known.number < stream.pruned_number:
            self._result.pruned += 1
        self._compare()

    def _follow(self, record: AuditRecord) -> None:
        entry = record.sealed
        if entry.stream != self._stream:
            raise self._broken("the entry belongs to another stream")
        if entry.number != self._last.number + 1:
            raise self._broken(f"entry {self._last.number + 1} of the stream is missing")
        if entry.hash != entry.hash_after(self._last.hash):
            raise self._broken("the entry or one before it was changed: its hash is another one")
        if shown(record) != NOTHING_SHOWN and shown(record) != shown(self._opened(entry, record.keys)):
            raise self._broken("what the entry shows is not what is sealed in it")
        self._last = Link(entry.number, entry.hash)
        self._result.heads[entry.stream] = self._last
        self._result.entries += 1
        self._compare()

    def _compare(self) -> None:
        """Compare the entry with the last one of the stream in the earlier export, if it has the same number."""
        known = self._earlier.get(self._stream) if self._stream is not None else None
        if known is None or known.number != self._last.number:
            return
        if known.hash != self._last.hash:
            raise self._broken("the entry is not the one of the earlier export")
        self._result.continued += 1

    def _finish(self) -> None:
        known = self._earlier.get(self._stream) if self._stream is not None else None
        if known is not None and known.number > self._last.number:
            raise self._broken("entries of the earlier export are missing at the end of the stream before this line")

    def _end(self, end: ExportEnd) -> None:
        self._finish()
        if (end.streams, end.entries) != (len(self._result.heads), self._result.entries):
            raise self._broken("the numbers of streams and entries are not those of the file")

    def _broken(self, text: str) -> AuditBroken:
        return AuditBroken(self._line, text)


def shown(record: AuditRecord) -> tuple[object, ...]:
    """Return what an entry shows of what is sealed in it."""
    return record.address, record.before, record.after, record.erased
