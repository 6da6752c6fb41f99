from doorward.application.ports.storage import Transaction
from doorward.domain.accounts.profile import ProfileChange
from doorward.domain.ids import UserId


async def replace_profile(tx: Transaction, user_id: UserId, change: ProfileChange) -> None:
    """Replace or clear the profile of an account, which the transaction holds."""
    if change.profile is None:
        await tx.profiles.clear(user_id)
    else:
        await tx.profiles.put(user_id, change.profile)
