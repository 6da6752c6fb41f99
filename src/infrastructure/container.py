"""The composition root: which adapter stands behind which port. To swap one, change its line here."""

from collections.abc import AsyncIterator
from datetime import timedelta
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
from application.accounts.change_password import ChangePassword
from application.accounts.confirm_password import ConfirmPassword
from application.accounts.create_user import CreateUser
from application.accounts.delete_own_account import DeleteOwnAccount
from application.accounts.delete_user import DeleteUser
from application.accounts.find_user import FindUser
from application.accounts.import_users import ImportUsers
from application.accounts.list_users import ListUsers
from application.accounts.password_rules import PasswordRules
from application.accounts.register_user import RegisterUser
from application.accounts.set_password import SetPassword
from application.accounts.update_user import UpdateUser
from application.keys.add_signing_key import AddSigningKey
from application.keys.ensure_signing_key import EnsureSigningKey
from application.keys.list_signing_keys import ListSigningKeys
from application.keys.reseal_signing_keys import ResealSigningKeys
from application.keys.revoke_signing_key import RevokeSigningKey
from application.keys.rotate_signing_keys import RotateSigningKeys
from application.maintenance import Maintenance
from application.ports.clock import Clock
from application.ports.security import (
    AccessTokens,
    KeyRing,
    KeySealer,
    PasswordBlocklist,
    PasswordHasher,
    RefreshTokens,
    RevocationSigner,
    SecurityLog,
    ServiceSecrets,
)
from application.ports.storage import Storage
from application.readiness import Readiness
from application.services.authenticate_client import AuthenticateClient
from application.services.introspect_token import IntrospectToken
from application.services.list_services import ListServices
from application.services.register_service import RegisterService
from application.services.remove_service import RemoveService
from application.services.revoke_token import RevokeToken
from application.sessions.describe_session import DescribeSession
from application.sessions.end_all_sessions import EndAllSessions
from application.sessions.end_other_sessions import EndOtherSessions
from application.sessions.end_session import EndSession
from application.sessions.ended_sessions import EndedSessions
from application.sessions.issue_tokens import IssueTokens
from application.sessions.list_sessions import ListSessions
from application.sessions.prune_sessions import PruneSessions
from application.sessions.publish_revocations import PublishRevocations
from application.sessions.refresh_session import RefreshSession
from application.sessions.sign_out import SignOut
from domain.access.authorization_server import AuthorizationServer
from domain.accounts.password import PasswordPolicy
from domain.keys.rotation import KeyRotation
from domain.sessions.session import SessionPolicy
from infrastructure.clock import SystemClock
from infrastructure.database import Database
from infrastructure.log.security_log import StructlogSecurityLog
from infrastructure.security.argon2_libraries import argon2_library
from infrastructure.security.blocklist import CommonPasswords
from infrastructure.security.hashing_pool import HashingPool
from infrastructure.security.key_ring import StoredKeyRing
from infrastructure.security.master_secret import MasterSecret, load_master_secret
from infrastructure.security.passwords import Argon2Hasher, Argon2Library
from infrastructure.security.refresh_tokens import DerivedRefreshTokens
from infrastructure.security.revocation_lists import JwtRevocationSigner
from infrastructure.security.sealing import AesKeySealer
from infrastructure.security.service_secrets import RandomServiceSecrets
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
        settings = self.settings
        return load_master_secret(settings.secret_key, settings.secret_key_path, settings.secret_key_previous)

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
    def argon2_library(self) -> Argon2Library:
        return argon2_library(self.settings.hasher)

    @provide
    async def hasher(self, library: Argon2Library, clock: Clock, log: SecurityLog) -> AsyncIterator[PasswordHasher]:
        pool = HashingPool(self.settings.hash_threads, self.settings.hash_queue, clock)
        yield Argon2Hasher(library, pool, log)
        pool.close()

    @provide
    def policy(self) -> PasswordPolicy:
        return PasswordPolicy(shortest=self.settings.password_min_length)

    @provide
    def session_policy(self) -> SessionPolicy:
        return SessionPolicy(
            idle=timedelta(seconds=self.settings.session_idle_seconds),
            absolute=timedelta(seconds=self.settings.session_absolute_seconds),
            grace=timedelta(seconds=self.settings.refresh_grace),
            most=self.settings.sessions_per_account,
        )

    @provide
    def refresh_tokens(self, secret: MasterSecret) -> RefreshTokens:
        return DerivedRefreshTokens(secret)

    @provide
    def blocklist(self) -> PasswordBlocklist:
        path = self.settings.password_blocklist
        return CommonPasswords.load(Path(path) if path else None)

    @provide
    def sealer(self, secret: MasterSecret) -> AnyOf[AesKeySealer, KeySealer]:
        return AesKeySealer(secret)

    @provide
    def rotation(self) -> KeyRotation:
        days = self.settings.key_rotation_days
        return KeyRotation(algorithm=self.settings.key_algorithm, period=timedelta(days=days) if days else None)

    @provide
    def key_ring(self, storage: Storage, sealer: AesKeySealer) -> AnyOf[StoredKeyRing, KeyRing]:
        return StoredKeyRing(storage, sealer)

    @provide
    def authorization_server(self) -> AuthorizationServer:
        settings = self.settings
        return AuthorizationServer(
            issuer=settings.issuer, audience=settings.audience, client_id="doorward", url=settings.public_url
        )

    @provide
    def service_secrets(self) -> ServiceSecrets:
        return RandomServiceSecrets()

    @provide
    def tokens(self, ring: StoredKeyRing, server: AuthorizationServer) -> AccessTokens:
        tokens = JwtAccessTokens(
            ring,
            issuer=server.issuer,
            audience=server.audience,
            client_id=server.client_id,
            lifetime=self.settings.access_token_seconds,
        )
        return CachedAccessTokens(tokens, ring)

    @provide
    def revocation_signer(self, ring: StoredKeyRing, server: AuthorizationServer) -> RevocationSigner:
        return JwtRevocationSigner(ring, issuer=server.issuer, audience=server.audience)


class UseCases(Provider):
    scope = Scope.APP

    everything = provide_all(
        PasswordRules,
        RegisterUser,
        CreateUser,
        ImportUsers,
        IssueTokens,
        Authenticate,
        RefreshSession,
        DescribeSession,
        ListSessions,
        EndSession,
        SignOut,
        EndOtherSessions,
        EndAllSessions,
        PruneSessions,
        PublishRevocations,
        ConfirmPassword,
        ChangePassword,
        DeleteOwnAccount,
        SetPassword,
        UpdateUser,
        DeleteUser,
        FindUser,
        ListUsers,
        AccessDirectory,
        EndedSessions,
        FollowChanges,
        Maintenance,
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
        RegisterService,
        ListServices,
        RemoveService,
        AuthenticateClient,
        IntrospectToken,
        RevokeToken,
        RevokeSigningKey,
        ResealSigningKeys,
        RotateSigningKeys,
    )


def make_container(settings: Settings) -> AsyncContainer:
    """Nothing is opened until it is asked for; `await container.close()` closes what was."""
    return make_async_container(Adapters(settings), UseCases())
