"""The end of a worker, heard of in time."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def told_to_stop(tell: Callable[[], None]) -> Iterator[None]:
    """Within the block, `tell` is called on the running loop when the server is told to stop.

    The server finishes the requests at hand before it ends the lifespan, so those that wait for something must hear of
    it by other means. Where nothing handles SIGTERM, this does nothing either.
    """
    servers_own = signal.getsignal(signal.SIGTERM)
    if not callable(servers_own):
        yield
        return
    loop = asyncio.get_running_loop()

    def stop(number: int, frame: FrameType | None) -> None:
        servers_own(number, frame)
        loop.call_soon_threadsafe(tell)

    signal.signal(signal.SIGTERM, stop)
    signal.siginterrupt(signal.SIGTERM, False)  # noqa: FBT003 as the loop has it
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, servers_own)
