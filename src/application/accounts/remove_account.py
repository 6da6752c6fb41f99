from datetime import datetime

from doorward.application.ports.storage import Transaction
from doorward.domain.accounts.deletion import DeletionPolicy
from doorward.domain.accounts.user import User


async def remove_account(tx: Transaction, user: User, policy: DeletionPolicy, now: datetime) -> None:
    """Delete the account, which this transaction holds: its sessions, its letters, the tokens of their links and
    its code. The account itself, its grants and the links that undo a change are kept for as long as the policy says,
    so that it can be restored."""
    if not policy.keeps:
        await tx.users.delete(user.id)
        return
    deleted = user.deleted_now(now)
    await tx.users.save(deleted)
    await tx.deleted_users.strip(user.id)
    await tx.sessions.end_all(user.id, deleted.epoch)
