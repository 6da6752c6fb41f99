from doorward.application.ports.storage import Transaction
from doorward.domain.accounts.profile import Profile, ProfileChange
from doorward.domain.ids import UserId


async def replace_profile(tx: Transaction, user_id: UserId, change: ProfileChange) -> Profile | None:
    """Replace or clear the profile of an account, which the transaction holds. Return the profile before."""
    before = await tx.profiles.of_user(user_id)
    if change.profile is None:
        await tx.profiles.clear(user_id)
    else:
        await tx.profiles.put(user_id, change.profile)
    return before
