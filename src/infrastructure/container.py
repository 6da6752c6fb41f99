"""The composition root: which adapter stands behind which port. To swap one, change its line here."""

from collections.abc import AsyncIterator
from pathlib import Path

from dishka import AnyOf, AsyncContainer, Provider, Scope, make_async_container, provide, provide_all

from application.access.authorize_role import AuthorizeRole
from application.access.define_role import DefineRole
from application.access.directory import AccessDirectory
from application.access.explain_access import ExplainAccess
from application.access.follow_changes import FollowChanges
from application.access.grant_role import GrantRole
from application.access.has_admin import HasAdmin
from application.access.list_roles import ListRoles
from application.access.remove_role import RemoveRole
from application.access.revoke_role import RevokeRole
from application.accounts.authenticate import Authenticate
from application.accounts.create_user import CreateUser
from application.accounts.delete_user import DeleteUser
from application.accounts.find_user import FindUser
from application.accounts.list_users import ListUsers
from application.accounts.password_rules import PasswordRules
from application.accounts.register_user import RegisterUser
from application.accounts.set_password import SetPassword
from application.accounts.update_user import UpdateUser
from application.keys.add_signing_key import AddSigningKey
from application.keys.ensure_signing_key import EnsureSigningKey
from application.keys.list_signing_keys import ListSigningKeys
from application.keys.remove_signing_key import RemoveSigningKey
from application.ports.clock import Clock
from application.ports.security import (
    AccessTokens,
    KeyRing,
    KeySealer,
    PasswordBlocklist,
    PasswordHasher,
    SecurityLog,
)
from application.ports.storage import Storage
from application.readiness import Readiness
from domain.accounts.password import PasswordPolicy
from infrastructure.clock import SystemClock
from infrastructure.database import Database
from infrastructure.log.security_log import StructlogSecurityLog
from infrastructure.security.blocklist import CommonPasswords
from infrastructure.security.key_ring import StoredKeyRing
from infrastructure.security.master_secret import MasterSecret, load_master_secret
from infrastructure.security.passwords import Argon2Hasher
from infrastructure.security.sealing import AesKeySealer
from infrastructure.security.token_cache import CachedAccessTokens
from infrastructure.security.tokens import JwtAccessTokens
from infrastructure.settings import Settings
from infrastructure.sql.database import SqlDatabase
from infrastructure.sql.storage import SqlStorage
from infrastructure.sql.urls import DatabaseUrl


class Adapters(Provider):
    scope = Scope.APP

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    @provide
    def clock(self) -> Clock:
        return SystemClock()

    @provide
    def master_secret(self) -> MasterSecret:
        return load_master_secret(self.settings.secret_key, self.settings.secret_key_path)

    @provide
    def log(self, secret: MasterSecret) -> SecurityLog:
        return StructlogSecurityLog(secret.derive(b"security log"))

    @provide
    def database(self) -> Database:
        return SqlDatabase(DatabaseUrl.parse(self.settings.database_url))

    @provide
    async def storage(self) -> AsyncIterator[Storage]:
        storage = SqlStorage.open(DatabaseUrl.parse(self.settings.database_url), self.settings.database_pool_size)
        yield storage
        await storage.close()

    @provide
    async def hasher(self, log: SecurityLog) -> AsyncIterator[PasswordHasher]:
        hasher = Argon2Hasher(self.settings.hash_threads, self.settings.hash_queue, log)
        yield hasher
        hasher.close()

    @provide
    def policy(self) -> PasswordPolicy:
        return PasswordPolicy(shortest=self.settings.password_min_length)

    @provide
    def blocklist(self) -> PasswordBlocklist:
        path = self.settings.password_blocklist
        return CommonPasswords.load(Path(path) if path else None)

    @provide
    def sealer(self, secret: MasterSecret) -> AnyOf[AesKeySealer, KeySealer]:
        return AesKeySealer(secret)

    @provide
    def key_ring(self, storage: Storage, sealer: AesKeySealer) -> AnyOf[StoredKeyRing, KeyRing]:
        return StoredKeyRing(storage, sealer)

    @provide
    def tokens(self, ring: StoredKeyRing) -> AccessTokens:
        tokens = JwtAccessTokens(
            ring,
            issuer=self.settings.issuer,
            audience=self.settings.audience,
            client_id="doorward",
            lifetime=self.settings.access_token_seconds,
        )
        return CachedAccessTokens(tokens, ring)


class UseCases(Provider):
    scope = Scope.APP

    everything = provide_all(
        PasswordRules,
        RegisterUser,
        CreateUser,
        Authenticate,
        SetPassword,
        UpdateUser,
        DeleteUser,
        FindUser,
        ListUsers,
        AccessDirectory,
        FollowChanges,
        AuthorizeRole,
        ExplainAccess,
        HasAdmin,
        GrantRole,
        RevokeRole,
        ListRoles,
        DefineRole,
        RemoveRole,
        EnsureSigningKey,
        AddSigningKey,
        ListSigningKeys,
        Readiness,
        RemoveSigningKey,
    )


def make_container(settings: Settings) -> AsyncContainer:
    """Nothing is opened until it is asked for; `await container.close()` closes what was."""
    return make_async_container(Adapters(settings), UseCases())
