"""Ensures that there is always an enabled admin, even when two requests would remove the last two at the same time."""

from datetime import datetime

from doorward.application.ports.storage import LockName, Transaction
from doorward.domain.access.role import ADMIN
from doorward.domain.accounts.user import User
from doorward.domain.errors import LastAdmin


async def serialise_admin_changes(tx: Transaction) -> None:
    """Serialise the transactions that may take an admin away. Call it first in such a transaction."""
    await tx.locks.take(LockName.ADMINS)


async def refuse_last_admin(tx: Transaction, user: User, now: datetime) -> None:
    """Raise LastAdmin if no enabled admin would be left without `user`, which was read after
    `serialise_admin_changes`."""
    if ADMIN in user.roles and user.is_enabled_at(now) and await tx.users.count_enabled(ADMIN, now) <= 1:
        raise LastAdmin
