"""The output of the log: a bounded queue, and a thread that writes its lines. Logging never waits or fails."""

import contextlib
import logging
import os
import select
from collections.abc import Callable
from logging.handlers import QueueHandler, QueueListener
from multiprocessing import util
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import final

CAPACITY_LINES = 10_000
"""The number of lines that the queue holds while the reader is slow; about 5 MB."""

GATHER_SECONDS = 0.02
"""How long the thread waits after the queue was empty. Waking it for each line would cost as much as the line."""

CLOSE_TIMEOUT_SECONDS = 2.0


@final
class Line(logging.LogRecord):
    """A rendered line in the form of a log record. Filling in all fields would cost as much as rendering the line."""

    def __init__(self, text: str) -> None:
        self.msg = text


Lines = SimpleQueue[logging.LogRecord]


@final
class BoundedQueueHandler(QueueHandler):
    """Puts finished lines into the queue. A line that finds no room is dropped and counted."""

    def __init__(self, lines: Lines, capacity: int) -> None:
        super().__init__(lines)
        self.dropped = 0
        self._lines = lines
        self._capacity = capacity

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        if self._lines.qsize() < self._capacity:
            self._lines.put(record)
        else:
            self.dropped += 1


@final
class GatheringListener(QueueListener):
    """Hands lines to a handler in a thread, which wakes up at most once in `GATHER_SECONDS`."""

    def __init__(self, lines: Lines, handler: logging.Handler) -> None:
        super().__init__(lines, handler)
        self._lines = lines
        self._stopping = Event()

    def dequeue(self, block: bool) -> logging.LogRecord:  # noqa: FBT001 the library's own signature
        if self._lines.empty():
            self._stopping.wait(GATHER_SECONDS)
        return self._lines.get(block)

    def stop(self) -> None:
        self._stopping.set()
        super().stop()


@final
class DescriptorHandler(logging.Handler):
    """Writes each line to a file descriptor. A line that cannot be written is dropped and counted.

    The next line that is written is followed by a report of how many were dropped, here or by the queue.
    """

    def __init__(self, descriptor: int, queue: BoundedQueueHandler, report: Callable[[int], str]) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._queue = queue
        self._report = report
        self._failed = 0
        self._reported = 0

    def createLock(self) -> None:  # noqa: N802 the library's name
        """Create no lock. Only one thread writes, and at exit `logging` would wait for a blocked write."""
        self.lock = None

    @property
    def dropped(self) -> int:
        return self._failed + self._queue.dropped

    def emit(self, record: logging.LogRecord) -> None:
        if not self._write(record.msg):
            self._failed += 1
            return
        dropped = self.dropped
        if dropped > self._reported and self._write(self._report(dropped - self._reported)):
            self._reported = dropped

    def _write(self, line: str) -> bool:
        """Return False when the reader of the pipe is gone, or the disk is full."""
        data = memoryview(f"{line}\n".encode("utf-8", "backslashreplace"))
        try:
            while data:
                try:
                    data = data[os.write(self._descriptor, data) :]
                except BlockingIOError:
                    select.select([], [self._descriptor], [])
        except OSError:
            return False
        return True


@final
class LogOutput:
    """Writes lines to a file descriptor from a thread. Lines that find no room or cannot be written are counted.

    `report` makes the line that tells how many were dropped. It is written as soon as writing succeeds again. The
    thread starts with the first line, and does so again in a forked process.
    """

    def __init__(self, descriptor: int, report: Callable[[int], str], capacity: int = CAPACITY_LINES) -> None:
        self._descriptor = descriptor
        self._report = report
        self._capacity = capacity
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        """Start with an empty queue and a new lock. In a forked process, the parent writes the waiting lines, and one
        of its threads may have held the lock."""
        self._lines: Lines = SimpleQueue()
        self._queue = BoundedQueueHandler(self._lines, self._capacity)
        self._writer = DescriptorHandler(self._descriptor, self._queue, self._report)
        self._listener: GatheringListener | None = None
        self._lock = Lock()

    @property
    def dropped(self) -> int:
        """Lines that this process lost since it started."""
        return self._writer.dropped

    def write(self, line: str) -> None:
        """Take a line without its line break."""
        self._queue.handle(Line(line))
        if self._listener is None:
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._listener is None:
                listener = GatheringListener(self._lines, self._writer)
                with contextlib.suppress(RuntimeError):  # the interpreter is shutting down
                    listener.start()
                    self._listener = listener
                    # Worker processes end without `atexit`.
                    util.Finalize(None, self.close, exitpriority=0)

    def close(self, timeout: float = CLOSE_TIMEOUT_SECONDS) -> None:
        """Write the waiting lines, for at most `timeout` seconds, and end the thread. The next line starts it again."""
        with self._lock:
            listener, self._listener = self._listener, None
        if listener is not None:
            # `stop` waits without a limit, for instance when nobody reads the pipe.
            stopping = Thread(target=listener.stop, daemon=True)
            stopping.start()
            stopping.join(timeout)
