from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from doorward.infrastructure.finding import Finding


class Database(Protocol):
    """What the operator's commands ask of the database beside Storage: its schema, and how it is doing."""

    async def check(self) -> None:
        """Raise StartRefused, in one line that names the fix, unless the schema is exactly this version's."""
        ...

    async def migrate(self) -> tuple[str | None, str]:
        """Bring the schema to this version's, one process at a time; the revisions before and after. Nothing heavy
        happens when it is there already. Raise StartRefused."""
        ...

    async def diagnose(self, now: Callable[[], datetime]) -> Sequence[Finding]:
        """For `doorward doctor`. Changes nothing."""
        ...
