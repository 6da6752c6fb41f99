"""Puts the doubles in the place of the adapters, for `make_container`."""

from typing import final

from dishka import Provider, Scope, provide

from doorward.application.ports.clock import Clock
from doorward.application.ports.letters import Mailer
from doorward.application.ports.rate_limits import RateLimiter
from doorward.application.ports.security import PasswordHasher, PasswordStrength, SecurityLog
from doorward.application.ports.storage import Storage
from doorward.infrastructure.adapters.storage_adapter import StorageAdapter
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.testing.builders import BLOCKED, SECRET
from doorward.testing.doubles import ExactLimiter, FrozenClock, ListLog, ListMailer, PlainHasher, ShortBlocklist
from doorward.testing.in_memory_adapter import InMemoryAdapter


@final
class InMemoryProvider(Provider):
    """Storage in memory, a clock that moves, and doubles of what is slow or outside. Tokens, keys and codes are real:
    they take microseconds, and other programs can verify the tokens."""

    scope = Scope.APP

    def __init__(self) -> None:
        super().__init__()
        self.frozen_clock = FrozenClock()
        self.list_log = ListLog()
        self.list_mailer = ListMailer()
        self.memory = MemoryStorage(self.frozen_clock.now)

    @provide(override=True)
    def clock(self) -> Clock:
        return self.frozen_clock

    @provide(override=True)
    def log(self) -> SecurityLog:
        return self.list_log

    @provide(override=True)
    def master_secret(self) -> MasterSecret:
        return SECRET

    @provide(override=True)
    def storage(self) -> Storage:
        return self.memory

    @provide(override=True)
    def storage_adapter(self) -> StorageAdapter:
        return InMemoryAdapter(self.memory)

    @provide(override=True)
    def mailer(self) -> Mailer:
        return self.list_mailer

    @provide(override=True)
    def hasher(self) -> PasswordHasher:
        return PlainHasher()

    @provide(override=True)
    def strength(self) -> PasswordStrength:
        return ShortBlocklist(frozenset({BLOCKED}))

    @provide(override=True)
    def limiter(self) -> RateLimiter:
        return ExactLimiter(self.frozen_clock)
