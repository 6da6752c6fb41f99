from dataclasses import dataclass
from typing import final

from doorward.application.accounts.confirm_password import ConfirmPassword
from doorward.application.accounts.delete_user import DeleteUser
from doorward.domain.ids import UserId


@final
@dataclass(frozen=True, slots=True)
class DeleteOwnAccount:
    """Deletes the account of the caller after its password was confirmed."""

    confirm: ConfirmPassword
    delete: DeleteUser

    async def __call__(self, user_id: UserId, password: str) -> None:
        """Raise PasswordWrong, HashingBusy or LastAdmin."""
        user = await self.confirm(user_id, password)
        await self.delete(user.id, by=str(user.id))
