"""The whole service in memory, for unit tests: every use case, on the memory adapter, with a clock that tests move."""

import asyncio
from collections.abc import Collection, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, Unpack, final

from dishka import Provider

from doorward.application.access.authorize_role import AuthorizeRole
from doorward.application.access.define_role import DefineRole
from doorward.application.accounts.authenticate import Authenticate
from doorward.application.accounts.create_user import CreateUser
from doorward.application.accounts.find_user import FindUser
from doorward.application.change_feed.follower import ChangeFollower
from doorward.application.keys.ensure_signing_key import EnsureSigningKey
from doorward.application.letters.letter_sender import LetterSender
from doorward.application.maintenance import Maintenance
from doorward.application.ports.letters import LetterContents
from doorward.application.ports.security import AccessTokens, KeyRing
from doorward.application.prove_writing import ProveWriting
from doorward.application.sessions.issue_tokens import SignedIn
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.decision import any_of, refusal_of
from doorward.domain.access.principal import Principal
from doorward.domain.access.role import BUILT_IN, RoleName
from doorward.domain.accounts.user import User
from doorward.domain.ids import UserId
from doorward.infrastructure.container import make_container
from doorward.infrastructure.settings.keywords import settings_of
from doorward.infrastructure.settings.setting_values import SettingValues
from doorward.testing.builders import PASSWORD
from doorward.testing.doubles import FrozenClock, ListLog
from doorward.testing.providers import InMemoryProvider

T = TypeVar("T")


@final
class InMemoryDoorward:
    """The service without a database, a network or a process. It takes about 20 milliseconds to start.

        doorward = InMemoryDoorward()
        ada = doorward.user("ada", roles=["moderator"])
        assert doorward.admit(ada.token(), "moderator").user_id == ada.id

    Its methods are synchronous, and work in coroutines, too. Use cases are coroutines:

        await doorward.get(GrantRole)(ada.id, RoleName("admin"), doorward.now, by=OPERATOR)

    A test that is not a coroutine hands them to `run`:

        doorward.run(doorward.get(GrantRole)(ada.id, RoleName("admin"), doorward.now, by=OPERATOR))
    """

    def __init__(self, *, overrides: Sequence[Provider] = (), **settings: Unpack[SettingValues]) -> None:
        """`settings` are as those of `Settings.of`. No environment is read, and nothing is written. `overrides` are
        providers of dishka with other adapters. Raise StartRefused for a wrong setting.
        """
        self.settings = settings_of(settings)
        doubles = InMemoryProvider()
        self.container = make_container(self.settings, doubles, *overrides)
        self.storage = doubles.memory
        self.clock: FrozenClock = doubles.frozen_clock
        self.log: ListLog = doubles.list_log
        """Collects the security events: `doorward.log.of(SecurityEvent.AUTHN_LOGIN_FAIL)`."""
        self._mailer = doubles.list_mailer
        self.run(self._start())

    async def _start(self) -> None:
        """Do what the service does before its first request."""
        await (await self.container.get(EnsureSigningKey))(self.now)
        await self.catch_up()

    async def catch_up(self) -> None:
        """Do what a server does twice a second: apply changes of keys and ended sessions, and prove that it can
        write."""
        await (await self.container.get(ChangeFollower)).once()
        await (await self.container.get(ProveWriting)).once()

    @property
    def now(self) -> datetime:
        """Return the time of the clock."""
        return self.clock.now()

    @property
    def letters(self) -> Sequence[LetterContents]:
        """Send the letters that are due, and return all that were sent, the oldest first. `token` is that of the link
        of a letter, and `code` its code."""
        self.run(self.get(LetterSender).once())
        return tuple(self._mailer.sent)

    @property
    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys of the access tokens as a JSON Web Key Set (RFC 7517), for what verifies tokens."""
        self.run(self.catch_up())
        published = self.get(KeyRing).published(self.now)  # type: ignore[type-abstract]
        return {"keys": [{"kid": key.kid, "alg": key.algorithm, "use": "sig", **key.members} for key in published]}

    def get(self, wanted: type[T]) -> T:
        """Return a use case, or the adapter of a port, wired with all that it needs."""
        return self.run(self.container.get(wanted))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, and return its result. A test that is a coroutine may call it, too.

        Raise RuntimeError within a transaction of the test, for which the coroutine would wait for ever.
        """
        database = self.storage.database
        if database.lock.locked():
            work.close()
            raise RuntimeError("A transaction is open. End it first, or await the coroutine outside of it.")
        database.lock = asyncio.Lock()  # a lock stays with the event loop in which somebody waited for it
        try:
            return run_in_own_loop(work)
        finally:
            database.lock = asyncio.Lock()

    def user(self, name: str, *, roles: Collection[str] = (), password: str = PASSWORD) -> "InMemoryUser":
        """Create an account, as the operator does: its email is NAME@example.org, and verified. A role that does not
        exist is defined."""
        return self.run(self._user(name, roles, password))

    async def _user(self, name: str, roles: Collection[str], password: str) -> "InMemoryUser":
        define, create = await self.container.get(DefineRole), await self.container.get(CreateUser)
        for role in set(roles) - BUILT_IN:
            await define(role, None, self.now, by=OPERATOR)
        user = await create(name, f"{name.lower()}@example.org", password, self.now, by=OPERATOR, roles=roles)
        return InMemoryUser(self, user.id, name, password)

    def admit(self, token: str, *roles: str) -> Principal:
        """Return whom the service admits with this access token, to what any one of the roles allows, or to what
        everybody may do who signed in. Raise InvalidToken or RoleRequired, as for a request."""
        return self.run(self._admit(token, roles))

    async def _admit(self, token: str, roles: Sequence[str]) -> Principal:
        await self.catch_up()
        tokens = await self.container.get(AccessTokens)
        requirement, read = any_of(*map(RoleName, roles)), tokens.verify(token, self.now)
        decision = await (await self.container.get(AuthorizeRole))(read, requirement, self.now)
        if not decision.allowed:
            raise refusal_of(decision)
        return Principal(
            user_id=read.subject,
            session_id=read.session_id,
            epoch=read.epoch,
            requirement=requirement,
            admitted_at=self.now,
        )

    def maintain(self) -> None:
        """Do once what the service does every minute: rotate keys, and delete what is over."""
        self.run(self.get(Maintenance).once())


@final
@dataclass(frozen=True, slots=True)
class InMemoryUser:
    """An account of InMemoryDoorward."""

    doorward: InMemoryDoorward
    id: UserId
    name: str
    password: str

    @property
    def account(self) -> User:
        """Return the account as it is stored now. Raise AccountMissing if it was deleted."""
        return self.doorward.run(self.doorward.get(FindUser)(self.id))

    def sign_in(self) -> SignedIn:
        """Open a session with the password that the account was created with, and return its tokens. Raise
        InvalidCredentials, as when the account is disabled."""
        return self.doorward.run(self.doorward.get(Authenticate)(self.name, self.password, self.doorward.now))

    def token(self) -> str:
        """Return an access token of a new session."""
        return self.sign_in().access_token.value

    def headers(self) -> dict[str, str]:
        """Return the header of a request with such a token."""
        return {"Authorization": f"Bearer {self.token()}"}


def run_in_own_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in an event loop of its own; in a thread, if one runs in this thread already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            return runner.run(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: run_in_own_loop(work)).result()
