"""The end of the log: a bounded queue and one thread that writes. Whoever logs never waits and never fails (LG-05)."""

import contextlib
import os
import queue
import select
import threading
from collections.abc import Callable
from multiprocessing import util
from typing import final

CAPACITY = 10_000
"""Lines that wait while the pipe is blocked; about 5 MB."""

LINES_AT_ONCE = 200
GATHERING = 0.02
"""Seconds for which lines are gathered: to wake the thread for each of them costs those who log as much as the line."""

SECONDS_AT_EXIT = 2.0


@final
class QueuedSink:
    """Writes lines to a file descriptor. What does not fit or cannot be written is dropped and counted.

    `report` makes the line that tells how many were dropped; it is written as soon as writing succeeds again.
    The thread starts with the first line, in every process anew, so that it survives a fork.
    """

    def __init__(self, descriptor: int, report: Callable[[int], str], capacity: int = CAPACITY) -> None:
        self._descriptor = descriptor
        self._report = report
        self._capacity = capacity
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        """What a forked process inherits is the parent's to write, and its locks may be held by nobody."""
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._hurry = threading.Event()
        """The end has come."""
        self._thread: threading.Thread | None = None
        self._dropped = 0
        self._reported = 0

    @property
    def dropped(self) -> int:
        """Lines lost in this process since it started."""
        return self._dropped

    def write(self, line: str) -> None:
        """`line` without its end."""
        if self._queue.qsize() >= self._capacity:
            self._dropped += 1
            return
        self._queue.put(line)
        thread = self._thread
        if thread is None or not thread.is_alive():
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is not None and self._thread.is_alive():
                return
            thread = threading.Thread(target=self._run, args=(self._queue,), name="log", daemon=True)
            with contextlib.suppress(RuntimeError):  # the interpreter is going down
                thread.start()
                self._thread = thread
                # Not atexit: a worker process ends without it.
                util.Finalize(None, self.close, exitpriority=0)

    def close(self, timeout: float = SECONDS_AT_EXIT) -> None:
        """Write what waits, for at most `timeout` seconds. Lines logged later start the thread again."""
        thread, self._thread = self._thread, None
        if thread is not None and thread.is_alive():
            self._hurry.set()
            self._queue.put(None)
            thread.join(timeout)
            self._hurry.clear()

    def _run(self, lines: "queue.SimpleQueue[str | None]") -> None:
        going = True
        while going:
            batch = [lines.get()]
            if lines.qsize() < LINES_AT_ONCE:
                self._hurry.wait(GATHERING)
            with contextlib.suppress(queue.Empty):
                while len(batch) < LINES_AT_ONCE:
                    batch.append(lines.get_nowait())
            going = None not in batch
            self._write([line for line in batch if line is not None])

    def _write(self, lines: list[str]) -> None:
        if lines and not self._delivered(lines):
            self._dropped += len(lines)
        elif self._dropped > self._reported:
            missing = self._dropped
            if self._delivered([self._report(missing - self._reported)]):
                self._reported = missing

    def _delivered(self, lines: list[str]) -> bool:
        data = memoryview(("\n".join(lines) + "\n").encode("utf-8", "backslashreplace"))
        try:
            while data:
                try:
                    data = data[os.write(self._descriptor, data) :]
                except BlockingIOError:
                    select.select([], [self._descriptor], [])
        except OSError:  # the pipe's reader is gone, the disk is full
            return False
        return True
