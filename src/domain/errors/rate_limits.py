"""Refusals of requests that are too many."""

from doorward.domain.errors.families import Throttled


class TooManyRequests(Throttled):
    """A client, its network or everybody sent too many requests of one kind. Nothing of this request was looked at, so
    that it tells nothing about an account."""

    code = "too_many_attempts"
    text = "Too many attempts from your network. Wait before you try again."

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__()
        self.retry_after = retry_after
