"""The composition root: which adapter stands behind which port. To swap one, change its line here."""

from collections.abc import AsyncIterator
from datetime import timedelta

from dishka import AnyOf, AsyncContainer, Provider, Scope, make_async_container, provide, provide_all

from doorward.application.access.authorize_role import AuthorizeRole
from doorward.application.access.define_role import DefineRole
from doorward.application.access.explain_access import ExplainAccess
from doorward.application.access.grant_role import GrantRole
from doorward.application.access.has_admin import HasAdmin
from doorward.application.access.list_roles import ListRoles
from doorward.application.access.remove_role import RemoveRole
from doorward.application.access.revoke_role import RevokeRole
from doorward.application.accounts.authenticate import Authenticate
from doorward.application.accounts.change_password import ChangePassword
from doorward.application.accounts.confirm_password import ConfirmPassword
from doorward.application.accounts.create_user import CreateUser
from doorward.application.accounts.delete_own_account import DeleteOwnAccount
from doorward.application.accounts.delete_user import DeleteUser
from doorward.application.accounts.find_user import FindUser
from doorward.application.accounts.import_users import ImportUsers
from doorward.application.accounts.list_users import ListUsers
from doorward.application.accounts.password_rules import PasswordRules
from doorward.application.accounts.register_user import RegisterUser
from doorward.application.accounts.set_password import SetPassword
from doorward.application.accounts.update_user import UpdateUser
from doorward.application.change_feed.directory import AccessDirectory
from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.application.change_feed.follow_changes import FollowChanges
from doorward.application.keys.add_signing_key import AddSigningKey
from doorward.application.keys.ensure_signing_key import EnsureSigningKey
from doorward.application.keys.list_signing_keys import ListSigningKeys
from doorward.application.keys.reseal_signing_keys import ResealSigningKeys
from doorward.application.keys.revoke_signing_key import RevokeSigningKey
from doorward.application.keys.rotate_signing_keys import RotateSigningKeys
from doorward.application.maintenance import Maintenance
from doorward.application.ports.clock import Clock
from doorward.application.ports.security import (
    AccessTokens,
    KeyRing,
    KeySealer,
    PasswordHasher,
    PasswordStrength,
    RefreshTokens,
    RevocationSigner,
    SecurityLog,
    ServiceSecrets,
)
from doorward.application.ports.storage import Storage
from doorward.application.readiness import Readiness
from doorward.application.services.authenticate_client import AuthenticateClient
from doorward.application.services.introspect_token import IntrospectToken
from doorward.application.services.list_services import ListServices
from doorward.application.services.register_service import RegisterService
from doorward.application.services.remove_service import RemoveService
from doorward.application.services.revoke_token import RevokeToken
from doorward.application.sessions.describe_session import DescribeSession
from doorward.application.sessions.end_all_sessions import EndAllSessions
from doorward.application.sessions.end_other_sessions import EndOtherSessions
from doorward.application.sessions.end_session import EndSession
from doorward.application.sessions.issue_tokens import IssueTokens
from doorward.application.sessions.list_sessions import ListSessions
from doorward.application.sessions.prune_sessions import PruneSessions
from doorward.application.sessions.publish_revocations import PublishRevocations
from doorward.application.sessions.refresh_session import RefreshSession
from doorward.application.sessions.sign_out import SignOut
from doorward.domain.access.authorization_server import AuthorizationServer
from doorward.domain.accounts.password import PasswordPolicy
from doorward.domain.keys.rotation import KeyRotation
from doorward.domain.sessions.session import SessionPolicy
from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.database import Database
from doorward.infrastructure.log.security_log import StructlogSecurityLog
from doorward.infrastructure.security.argon2_libraries import argon2_library
from doorward.infrastructure.security.hashing_pool import HashingPool
from doorward.infrastructure.security.key_ring import StoredKeyRing
from doorward.infrastructure.security.master_secret import MasterSecret, load_master_secret
from doorward.infrastructure.security.password_strength import (
    LOWEST_ACCEPTED_SCORE,
    LOWEST_ACCEPTED_SCORE_IN_TUTORIAL,
    ZxcvbnPasswordStrength,
)
from doorward.infrastructure.security.passwords import Argon2Hasher, Argon2Library
from doorward.infrastructure.security.refresh_tokens import DerivedRefreshTokens
from doorward.infrastructure.security.revocation_lists import JwtRevocationSigner
from doorward.infrastructure.security.sealing import AesKeySealer
from doorward.infrastructure.security.service_secrets import RandomServiceSecrets
from doorward.infrastructure.security.token_cache import CachedAccessTokens
from doorward.infrastructure.security.tokens import JwtAccessTokens
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.sql.database import SqlDatabase
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl


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
            max_sessions=self.settings.sessions_per_account,
        )

    @provide
    def refresh_tokens(self, secret: MasterSecret) -> RefreshTokens:
        return DerivedRefreshTokens(secret)

    @provide
    def password_strength(self) -> PasswordStrength:
        in_tutorial = self.settings.dialect == "tutorial"
        return ZxcvbnPasswordStrength.load(
            self.settings.password_blocklist,
            LOWEST_ACCEPTED_SCORE_IN_TUTORIAL if in_tutorial else LOWEST_ACCEPTED_SCORE,
        )

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
