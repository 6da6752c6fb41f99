"""Doorward as tests of adoption use it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from doorward.application.accounts.authenticate import Authenticate
from doorward.application.adoption.adopt_accounts import AdoptAccounts
from doorward.application.adoption.report import AdoptionReport
from doorward.application.adoption.wishes import Wishes
from doorward.application.ports.storage import Storage
from doorward.domain.access.actor import OPERATOR
from doorward.domain.accounts.email import login_key
from doorward.domain.accounts.user import User
from doorward.infrastructure.adoption.sources import open_source

CURRENT = "$argon2id$v=19$m=19456,t=2,p=1$"


@dataclass(frozen=True, slots=True)
class Installation:
    """Doorward on a database of its own, with the real hashing of passwords."""

    storage: Storage
    adopt: AdoptAccounts
    authenticate: Authenticate
    url: str
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def adopted(
        self, system: str, where: str, wishes: Wishes | None = None, *, dry_run: bool = False
    ) -> AdoptionReport:
        async with open_source(system, where, system) as source:
            return await self.adopt(source, wishes or {}, self.now, by=OPERATOR, dry_run=dry_run)

    async def user(self, login: str) -> User:
        async with self.storage.reading() as reading:
            user = await reading.users.by_login(login_key(login))
        assert user is not None, login
        return user

    async def sign_in(self, login: str, password: str) -> User:
        """Sign in with a password of the other system, and see that the hash is one of Doorward's own afterwards."""
        assert not (await self.user(login)).password_hash.startswith(CURRENT)
        signed_in = await self.authenticate(login, password, self.now)
        assert (await self.user(login)).password_hash.startswith(CURRENT)
        return signed_in.user


Install = Callable[..., Awaitable[Installation]]
