import time
from collections import OrderedDict
from typing import Final, final

from limits.aio.storage import MemoryStorage

MAX_WINDOWS: Final = 50_000
"""Windows that are counted at the same time. A client has two for each limit. Each takes about 270 bytes."""


@final
class BoundedMemoryStorage(MemoryStorage):
    """The memory storage of `limits`, with a bound.

    That of `limits` walks through all its windows for each request, in 8 ms when there are 50,000, and keeps as many as
    come. This one forgets the oldest windows, and looks at two for each new one. It begins no task and no thread.
    """

    STORAGE_SCHEME = []  # noqa: RUF012 so that no URL names this class

    def __init__(self, max_windows: int = MAX_WINDOWS) -> None:
        super().__init__()
        self.expirations: OrderedDict[str, float] = OrderedDict()  # finds the oldest at once, as a dict does not
        self._max_windows = max_windows

    def __len__(self) -> int:
        return len(self.expirations)

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count in a window. Nothing is awaited, so that no other request counts in between."""
        if key not in self.expirations:
            self._make_room()
            self.expirations[key] = time.time() + expiry
        self.storage[key] += amount
        return self.storage[key]

    def _make_room(self) -> None:
        """Forget up to two of the oldest windows, if they are over or there are too many."""
        now = time.time()
        for _ in range(min(2, len(self.expirations))):
            oldest = next(iter(self.expirations))
            if len(self.expirations) < self._max_windows and self.expirations[oldest] > now:
                return
            del self.expirations[oldest]
            self.storage.pop(oldest, None)
