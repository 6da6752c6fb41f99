"""How long this machine kept us waiting: what a test may add to a bound that holds on one with time to spare."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic

BOUND = 1.0
"""Seconds for which something may go on, on whichever node, that has ended: what is promised."""

BEAT = 0.01
"""Seconds."""

USUAL = 0.02
"""Seconds by which a beat may come late on any machine."""


@dataclass(slots=True)
class Stalls:
    """A thread that has nothing to do and notes how late it gets to do it: the servers under test, which stand in the
    same queue for the same processors, fare no better."""

    seconds: float = 0.0
    """All together since the beginning; grows."""
    over: Event = field(default_factory=Event)

    def watch(self) -> None:
        beat = monotonic()
        while not self.over.wait(BEAT):
            late = monotonic() - beat - BEAT
            self.seconds += late if late > USUAL else 0.0
            beat = monotonic()


@contextmanager
def stalls() -> Iterator[Stalls]:
    watched = Stalls()
    thread = Thread(target=watched.watch)
    thread.start()
    try:
        yield watched
    finally:
        watched.over.set()
        thread.join()
