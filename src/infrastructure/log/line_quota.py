"""How many lines per second the security log writes, so that nobody can fill the disk or hide behind noise.

Lines are counted by event, reason and subject. The subject is the account or, if the event names no account, the name
or the session that somebody sent, or the cause of a failure.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, final

from doorward.application.ports.security_events import SecurityEvent

WINDOW_SECONDS = 1.0

MAX_LINES_PER_REASON = 100
"""Lines of one event and reason in a window, except that the first line of each subject is always written."""

MAX_ACCOUNTS, MAX_NAMES, MAX_CAUSES = 1_000, 10, 20
"""Accounts, names that strangers send, and causes, which are counted on their own for one event and reason."""


class Subject(NamedTuple):
    """The field of a line that says whom the event is about, and its value."""

    name: str
    value: str | int | bool


OTHERS: Final = Subject("others", value=True)
"""Stands for all further subjects of an event and reason, so that their number is limited."""

SUBJECT_FIELDS: Final = {
    "user_id": MAX_ACCOUNTS,
    "login_hash": MAX_NAMES,
    "session_id": MAX_NAMES,
    "cause": MAX_CAUSES,
}
"""The fields that name the subject, the first that a line has, and how many subjects each may name."""


class LeftOut(NamedTuple):
    """How many lines of one event, reason and subject were left out."""

    event: SecurityEvent
    reason: str | None
    subject: Subject | None
    lines: int


@dataclass(slots=True)
class Count:
    """How many lines of one subject were written and left out."""

    written: int = 0
    left_out: int = 0


@dataclass(slots=True)
class Reason:
    """The counts of one event and reason."""

    written: int = 0
    counts: dict[Subject | None, Count] = field(default_factory=dict)
    subjects: dict[str, int] = field(default_factory=dict)
    """How many subjects are counted on their own, by the field that names them."""

    def count_of(self, subject: Subject | None) -> Count:
        """Return the count of the subject, or of all others when there are too many."""
        count = self.counts.get(subject)
        if count is None and subject is not None:
            known = self.subjects.get(subject.name, 0)
            if known >= SUBJECT_FIELDS[subject.name]:
                subject = OTHERS
            else:
                self.subjects[subject.name] = known + 1
        return self.counts.setdefault(subject, count or Count())


@final
@dataclass(slots=True)
class LineQuota:
    """Decides which lines of the present second are written, and counts the others."""

    monotonic: Callable[[], float] = time.monotonic
    began: float = 0.0
    left_out: int = 0
    """Lines that were left out since the present second began."""
    reasons: dict[tuple[SecurityEvent, str | None], Reason] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Return whether the second has passed."""
        return self.monotonic() - self.began >= WINDOW_SECONDS

    def admits(self, event: SecurityEvent, reason: str | None, subject: Subject | None) -> bool:
        """Count a line, and return whether it is written. `event` has a limit."""
        limit = event.max_lines_per_second or 0
        of_reason = self.reasons.setdefault((event, reason), Reason())
        count = of_reason.count_of(subject)
        if count.written and (count.written >= limit or of_reason.written >= MAX_LINES_PER_REASON):
            count.left_out += 1
            self.left_out += 1
            return False
        count.written += 1
        of_reason.written += 1
        return True

    def renewed(self) -> list[LeftOut]:
        """Begin the next second, and return what was left out in the one before."""
        left_out = [
            LeftOut(event, reason, subject, count.left_out)
            for (event, reason), of_reason in self.reasons.items()
            for subject, count in of_reason.counts.items()
            if count.left_out
        ]
        self.reasons = {}
        self.left_out = 0
        self.began = self.monotonic()
        return left_out


def subject_of(fields: dict[str, str | int | bool]) -> Subject | None:
    """Return whom the line with these fields is about, or None if it names nobody."""
    return next((Subject(name, fields[name]) for name in SUBJECT_FIELDS if name in fields), None)
