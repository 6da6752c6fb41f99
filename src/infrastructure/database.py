from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from doorward.infrastructure.finding import Finding


class Database(Protocol):
    """What commands need of the database beside Storage: its schema and its diagnosis."""

    async def check(self) -> None:
        """Raise StartRefused, in one line that says what to do, unless the schema is that of this version."""
        ...

    async def migrate(self) -> tuple[str | None, str]:
        """Migrate the schema to this version and return the revisions before and after.

        One process migrates at a time. When there is nothing to do, little is imported. Raise StartRefused.
        """
        ...

    async def diagnose(self, now: Callable[[], datetime]) -> Sequence[Finding]:
        """Return findings for `doorward doctor`. Nothing is changed."""
        ...
