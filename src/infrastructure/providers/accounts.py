"""The use cases that administer accounts, and what is configurable about them."""

from datetime import timedelta
from typing import final

from dishka import Provider, Scope, provide

from doorward.application.accounts.delete_own_account import DeleteOwnAccount
from doorward.application.accounts.delete_user import DeleteUser
from doorward.application.accounts.find_user import FindUser
from doorward.application.accounts.identify_user import IdentifyUser
from doorward.application.accounts.list_users import ListUsers
from doorward.application.accounts.prune_deleted_users import PruneDeletedUsers
from doorward.application.accounts.restore_user import RestoreUser
from doorward.application.accounts.update_user import UpdateUser
from doorward.domain.accounts.deletion import DeletionPolicy
from doorward.infrastructure.settings.settings import Settings

ADMINISTRATION = (
    FindUser,
    IdentifyUser,
    ListUsers,
    UpdateUser,
    DeleteUser,
    DeleteOwnAccount,
    RestoreUser,
    PruneDeletedUsers,
)
"""The use cases that administer accounts."""


@final
class AccountsProvider(Provider):
    scope = Scope.APP

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    @provide
    def deletion_policy(self) -> DeletionPolicy:
        return DeletionPolicy(kept=timedelta(days=self.settings.deleted_accounts_days))
