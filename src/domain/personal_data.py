"""What is said about each value that is held about a person, beside the field that holds it.

`typing.get_type_hints(Entity, include_extras=True)` returns these. `GET /api/account/export` shows them.
"""

from dataclasses import dataclass
from typing import Final

WITH_THE_ACCOUNT: Final = "Until the account is deleted."


@dataclass(frozen=True, slots=True)
class Held:
    """Of a field whose value the person may see."""

    purpose: str
    """What the value is for, in a whole sentence."""
    kept: str = WITH_THE_ACCOUNT
    """How long it is kept, in a whole sentence."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Of a field whose value is not shown to the person."""

    reason: str
    is_secret: bool = True
    """True if it must not be in the audit log either."""
