"""The adapters that hash and judge passwords.

Those of libraries are imported when they are asked for, so that a container with others in their place needs neither.
"""

from collections.abc import AsyncIterator
from typing import final

from dishka import Provider, Scope, provide

from doorward.application.ports.attempts import DeviceTokens, LoginHasher
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import (
    PasswordHasher,
    PasswordStrength,
    SecurityLog,
)
from doorward.domain.accounts.attempts import AttemptPolicy
from doorward.domain.accounts.password import PasswordPolicy
from doorward.infrastructure.adapters.hasher_adapter import HasherAdapter, HasherOptions
from doorward.infrastructure.security.device_tokens import KeyedLoginHasher, SignedDeviceTokens
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.settings.settings import Settings


@final
class PasswordsProvider(Provider):
    scope = Scope.APP

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    @provide
    def hasher_adapter(self) -> HasherAdapter:
        return self.settings.hashing

    @provide
    async def hasher(self, adapter: HasherAdapter, clock: Clock, log: SecurityLog) -> AsyncIterator[PasswordHasher]:
        options = HasherOptions(
            threads=self.settings.hash_threads,
            queue=self.settings.hash_queue,
            wait_seconds=self.settings.hash_wait_seconds,
            clock=clock,
            log=log,
        )
        async with adapter.open(options) as hasher:
            yield hasher

    @provide
    def policy(self) -> PasswordPolicy:
        return PasswordPolicy(min_characters=self.settings.password_min_length)

    @provide
    def attempt_policy(self) -> AttemptPolicy:
        limits = self.settings.limits
        return AttemptPolicy(free=limits.sign_in_free_attempts, per_day=limits.sign_in_attempts_per_day)

    @provide
    def logins(self, secret: MasterSecret) -> LoginHasher:
        return KeyedLoginHasher(secret)

    @provide
    def device_tokens(self, secret: MasterSecret) -> DeviceTokens:
        return SignedDeviceTokens(secret)

    @provide
    def password_strength(self) -> PasswordStrength:
        from doorward.infrastructure.security import password_strength as strength  # noqa: PLC0415 see above

        in_tutorial = self.settings.dialect == "tutorial"
        return strength.ZxcvbnPasswordStrength.load(
            self.settings.password_blocklist,
            strength.LOWEST_ACCEPTED_SCORE_IN_TUTORIAL if in_tutorial else strength.LOWEST_ACCEPTED_SCORE,
        )
