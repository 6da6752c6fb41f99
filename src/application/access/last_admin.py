"""There is always an enabled admin, not even two requests at once can take the last one away."""

from doorward.application.ports.storage import LockName, Transaction
from doorward.domain.access.role import ADMIN
from doorward.domain.accounts.user import User
from doorward.domain.errors import LastAdmin


async def hold_admins(tx: Transaction) -> None:
    """First thing in a transaction that may end somebody's being admin: such transactions go one after the other."""
    await tx.locks.take(LockName.ADMINS)


async def refuse_without_admin(tx: Transaction, user: User) -> None:
    """Raise LastAdmin when nobody would be left; `user` was read after `hold_admins`."""
    if ADMIN in user.roles and not user.disabled and await tx.users.count_enabled(ADMIN) <= 1:
        raise LastAdmin
