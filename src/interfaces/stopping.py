"""Notifies the waiting requests of a worker that the server stops."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def call_on_stop(callback: Callable[[], None]) -> Iterator[None]:
    """Within the block, call `callback` on the running loop when the server is stopped by SIGTERM.

    The server finishes its requests before it ends the lifespan, so that requests that wait must be notified earlier.
    Without a handler of SIGTERM, and outside the main thread, this does nothing.
    """
    server_handler = signal.getsignal(signal.SIGTERM)
    if not callable(server_handler) or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def stop(number: int, frame: FrameType | None) -> None:
        server_handler(number, frame)
        loop.call_soon_threadsafe(callback)

    signal.signal(signal.SIGTERM, stop)
    signal.siginterrupt(signal.SIGTERM, False)  # noqa: FBT003 as the event loop sets it
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, server_handler)
