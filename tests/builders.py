"""Things to test with, whole but for what a test is about."""

from dataclasses import dataclass, field

from application.access.authorize_role import AuthorizeRole
from application.access.directory import AccessDirectory
from application.access.follow_changes import FollowChanges
from application.access.grant_role import GrantRole
from application.access.revoke_role import RevokeRole
from application.accounts.authenticate import Authenticate
from application.accounts.create_user import CreateUser
from application.accounts.password_rules import PasswordRules
from application.accounts.register_user import RegisterUser
from domain.access.role import USER, RoleName
from domain.accounts.email import Email
from domain.accounts.password import PasswordHash, PasswordPolicy
from domain.accounts.user import User
from domain.accounts.username import Username
from domain.ids import UserId, uuid7
from doubles import NOON, CountingKeyRing, FrozenClock, ListLog, PlainHasher, PlainTokens, ShortBlocklist
from infrastructure.memory.storage import MemoryStorage

PASSWORD = "violet harbour kettle"
BLOCKED = "everybody tries this"


def a_user(name: str = "ada", *roles: RoleName, disabled: bool = False) -> User:
    """An account whose password is PASSWORD, as PlainHasher keeps it."""
    return User(
        id=UserId(uuid7(NOON)),
        username=Username.parse(name),
        email=Email.parse(f"{name.lower()}@example.org"),
        password_hash=PasswordHash(f"$plain$1${PASSWORD}"),
        roles=frozenset({USER, *roles}),
        disabled=disabled,
        created_at=NOON,
    )


@dataclass(slots=True)
class House:
    """Every use case that tests use together, on storage in memory and a clock that stands still."""

    clock: FrozenClock = field(default_factory=FrozenClock)
    log: ListLog = field(default_factory=ListLog)
    hasher: PlainHasher = field(default_factory=PlainHasher)
    ring: CountingKeyRing = field(default_factory=CountingKeyRing)
    storage: MemoryStorage = field(init=False)
    directory: AccessDirectory = field(init=False)

    def __post_init__(self) -> None:
        self.storage = MemoryStorage(self.clock.now)
        self.directory = AccessDirectory(self.storage, self.clock)

    @property
    def rules(self) -> PasswordRules:
        return PasswordRules(PasswordPolicy(), ShortBlocklist(frozenset({BLOCKED})))

    @property
    def register(self) -> RegisterUser:
        return RegisterUser(self.storage, self.hasher, self.rules, self.log)

    @property
    def create(self) -> CreateUser:
        return CreateUser(self.storage, self.hasher, self.rules, self.log)

    @property
    def authenticate(self) -> Authenticate:
        return Authenticate(self.storage, self.hasher, PlainTokens(), self.log)

    @property
    def authorize(self) -> AuthorizeRole:
        return AuthorizeRole(self.directory)

    @property
    def grant(self) -> GrantRole:
        return GrantRole(self.storage, self.log)

    @property
    def revoke(self) -> RevokeRole:
        return RevokeRole(self.storage, self.log)

    def follower(self) -> FollowChanges:
        return FollowChanges(self.storage, self.directory, self.ring, self.clock, self.log)

    async def with_user(self, name: str = "ada", *roles: RoleName, disabled: bool = False) -> User:
        """An account that is there already."""
        user = a_user(name, *roles, disabled=disabled)
        async with self.storage.transaction() as tx:
            await tx.users.add(user)
        return user

    async def stored(self, user_id: UserId) -> User:
        async with self.storage.reading() as reading:
            user = await reading.users.get(user_id)
        assert user is not None
        return user
