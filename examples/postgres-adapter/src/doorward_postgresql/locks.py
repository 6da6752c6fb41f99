"""Statements that lock an account and read what belongs to it. On PostgreSQL these are two.

PostgreSQL locks no row on the outer side of a join. It also looks at the other tables before it waits for the lock, so
that one statement could return roles and audit entries from before the wait.
"""

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Executable

from doorward.infrastructure.sql import deleted_users, users
from doorward.infrastructure.sql.audit_heads import with_head

LOCK_THEN_READ: Mapping[Executable, tuple[Executable, Executable]] = MappingProxyType(
    {
        users.LOCKED: (users.LOCK, with_head(users.GET)),
        deleted_users.LOCKED: (users.LOCK, deleted_users.GET),
    }
)
"""What to run in place of a statement: first the lock, then the read."""
