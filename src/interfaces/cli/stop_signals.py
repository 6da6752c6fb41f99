"""Stops the parent process on signals."""

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import FrameType
from typing import final

import structlog

from doorward.interfaces.cli.drain import Drain


@final
class StopSignals:
    """Stops Granian's parent on SIGTERM, SIGINT and SIGHUP, however many arrive at once.

    The first signal begins the drain, if there is one. The service stops when that is over, or at the next signal.

    Granian's own handler sets a `threading.Event`, which takes a lock. A second signal that interrupts it would wait
    for that lock for ever, so that a thread calls the handler instead. `make` sends such second signals.
    """

    def __init__(self, drain: Drain) -> None:
        self._drain = drain
        self.received = False
        """Whether a signal stopped the parent. Granian's exit code does not show that."""
        self._signals: SimpleQueue[int] = SimpleQueue()  # whose `put` may be interrupted by itself
        self._ignores_hangup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # under nohup

    def install(self) -> None:
        """Replace Granian's handlers. SIGHUP, which a closed terminal sends, would restart its workers."""
        threading.Thread(target=self._call, args=[signal.getsignal(signal.SIGTERM)], daemon=True).start()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._store)
        signal.signal(signal.SIGHUP, signal.SIG_IGN if self._ignores_hangup else self._store)

    def ignore(self) -> None:
        """Let no further signal end this process, which has stopped serving. When it ends, Python gives signals their
        default effect, and a late one would change the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)

    def _store(self, number: int, _: FrameType | None) -> None:
        self.received = True
        self._signals.put(number)

    def _call(self, stop: Callable[[int, None], None]) -> None:
        number = self._signals.get()
        if self._drain.begin():
            structlog.get_logger().info("sys_draining", seconds=self._drain.seconds)
            with suppress(Empty):
                number = self._signals.get(timeout=self._drain.seconds)
        stop(number, None)
