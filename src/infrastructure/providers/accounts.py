"""What the settings say about accounts, and the use cases that need it."""

from typing import final

from dishka import Provider, Scope, provide

from doorward.application.accounts.any_profile import ANY_PROFILE
from doorward.application.accounts.find_profile import FindProfile
from doorward.application.accounts.update_own_account import UpdateOwnAccount
from doorward.application.ports.profiles import ProfileSchema
from doorward.infrastructure.json_schema import JsonSchema
from doorward.infrastructure.settings.settings import Settings

PROFILES = (FindProfile, UpdateOwnAccount)
"""The use cases of profiles."""


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
