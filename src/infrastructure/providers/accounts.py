"""The use cases of accounts, and what is configurable about them."""

from datetime import timedelta
from typing import final

from dishka import Provider, Scope, provide

from doorward.application.accounts.accept_invitation import AcceptInvitation
from doorward.application.accounts.any_profile import ANY_PROFILE
from doorward.application.accounts.delete_own_account import DeleteOwnAccount
from doorward.application.accounts.delete_user import DeleteUser
from doorward.application.accounts.find_profile import FindProfile
from doorward.application.accounts.find_user import FindUser
from doorward.application.accounts.identify_user import IdentifyUser
from doorward.application.accounts.invite_user import InviteUser
from doorward.application.accounts.list_invitations import ListInvitations
from doorward.application.accounts.list_users import ListUsers
from doorward.application.accounts.prune_deleted_users import PruneDeletedUsers
from doorward.application.accounts.register_user import RegisterUser
from doorward.application.accounts.remove_invitation import RemoveInvitation
from doorward.application.accounts.restore_user import RestoreUser
from doorward.application.accounts.start_password_reset import StartPasswordReset
from doorward.application.accounts.update_own_account import UpdateOwnAccount
from doorward.application.accounts.update_user import UpdateUser
from doorward.application.ports.profiles import ProfileSchema
from doorward.domain.accounts.deletion import DeletionPolicy
from doorward.domain.accounts.sign_up import SignUp
from doorward.infrastructure.json_schema import JsonSchema
from doorward.infrastructure.settings.settings import Settings

ADMINISTRATION = (
    FindUser,
    IdentifyUser,
    ListUsers,
    UpdateUser,
    DeleteUser,
    RestoreUser,
    PruneDeletedUsers,
    StartPasswordReset,
    InviteUser,
    ListInvitations,
    RemoveInvitation,
)
"""The use cases that administer accounts."""

OWN_ACCOUNT = (RegisterUser, AcceptInvitation, FindProfile, UpdateOwnAccount, DeleteOwnAccount)
"""The use cases by which people get an account, look after it and delete it."""


@final
class AccountsProvider(Provider):
    scope = Scope.APP

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    @provide
    def profile_schema(self) -> ProfileSchema:
        path = self.settings.profile_schema
        return ANY_PROFILE if path is None else JsonSchema.load(path)

    @provide
    def sign_up(self) -> SignUp:
        return SignUp(self.settings.sign_up)

    @provide
    def deletion_policy(self) -> DeletionPolicy:
        return DeletionPolicy(kept=timedelta(days=self.settings.deleted_accounts_days))
