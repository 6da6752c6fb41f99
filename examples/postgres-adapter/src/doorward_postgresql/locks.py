"""Statements that lock an account and read what belongs to it. On PostgreSQL these are two.

PostgreSQL locks no row on the outer side of a join. It also looks at the other tables before it waits for the lock, so
that one statement could return roles and audit entries from before the wait.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Engine, Executable, event

from doorward.infrastructure.sql import deleted_users, users
from doorward.infrastructure.sql.audit_heads import with_head

LOCK_THEN_READ: Mapping[Executable, tuple[Executable, Executable]] = MappingProxyType(
    {
        users.LOCKED: (users.LOCK, with_head(users.GET)),
        deleted_users.LOCKED: (users.LOCK, deleted_users.GET),
    }
)
"""What to run in place of a statement: first the lock, then the read."""


def lock_before_reading(engine: Engine) -> None:
    event.listen(engine, "before_execute", lock, retval=True)


def lock(
    connection: Connection, statement: Executable, many: Any, values: Any, _options: object
) -> tuple[Executable, Any, Any]:
    """Return the statement to run and its values, and take the lock if the statement is one of those."""
    if statement not in LOCK_THEN_READ:
        return statement, many, values
    locking, reading = LOCK_THEN_READ[statement]
    connection.execute(locking, values)
    return reading, many, values
