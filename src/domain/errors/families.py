"""The families of refusals, by what the caller should do next. `interfaces/http/errors/` maps them to statuses."""

from typing import ClassVar


class DomainError(Exception):
    """A refusal: `code` is for machines, `str(self)` for people."""

    code: ClassVar[str] = "refused"
    text: ClassVar[str] = "The request was refused."

    def __init__(self, text: str | None = None) -> None:
        super().__init__(text if text is not None else self.text)


class Invalid(DomainError):
    """The input is wrong and must be corrected. `field` names the member at fault, if there is one."""

    code = "invalid"
    field: ClassVar[str | None] = None


class Unauthenticated(DomainError):
    """The caller is not authenticated and must sign in."""


class Forbidden(DomainError):
    """The caller is authenticated, but may not do this."""


class Missing(DomainError):
    """The requested thing does not exist."""


class Conflict(DomainError):
    """The request conflicts with the present state."""


class Throttled(DomainError):
    """The caller made too many attempts and may try again after `retry_after` seconds."""

    retry_after: int = 1


class Unavailable(DomainError):
    """The service cannot answer now; the same request may succeed after `retry_after` seconds.

    The `cause` is a few words for the log, which counts lines by them: no value may be in it. Clients do not see it.
    `trace` lists the lines of code that an unforeseen error passed through.
    """

    retry_after: ClassVar[int] = 1

    def __init__(self, text: str | None = None, *, cause: str, trace: str = "") -> None:
        super().__init__(text)
        self.cause = cause
        self.trace = trace
