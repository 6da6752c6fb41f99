"""The adapters of secrets, signing keys and tokens."""

from datetime import timedelta
from typing import final

from dishka import AnyOf, Provider, Scope, provide

from doorward.application.ports.security import (
    AccessTokens,
    KeyRing,
    KeySealer,
    RefreshTokens,
    RevocationSigner,
    ServiceSecrets,
)
from doorward.application.ports.storage import Storage
from doorward.domain.access.authorization_server import AuthorizationServer
from doorward.domain.keys.rotation import KeyRotation
from doorward.domain.sessions.session import SessionPolicy
from doorward.infrastructure.security.key_ring import StoredKeyRing
from doorward.infrastructure.security.master_secret import MasterSecret, load_master_secret
from doorward.infrastructure.security.refresh_tokens import DerivedRefreshTokens
from doorward.infrastructure.security.revocation_lists import JwtRevocationSigner
from doorward.infrastructure.security.sealing import AesKeySealer
from doorward.infrastructure.security.service_secrets import RandomServiceSecrets
from doorward.infrastructure.security.token_cache import CachedAccessTokens
from doorward.infrastructure.security.tokens import JwtAccessTokens
from doorward.infrastructure.settings.settings import Settings


@final
class TokensProvider(Provider):
    scope = Scope.APP

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    @provide
    def master_secret(self) -> MasterSecret:
        settings = self.settings
        return load_master_secret(settings.secret_key, settings.secret_key_path, settings.secret_key_previous)

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
    def sealer(self, secret: MasterSecret) -> AnyOf[AesKeySealer, KeySealer]:
        return AesKeySealer(secret)

    @provide
    def rotation(self) -> KeyRotation:
        days = self.settings.key_rotation_days
        return KeyRotation(
            algorithm=self.settings.key_algorithm,
            period=timedelta(days=days) if days else None,
            token_lifetime=self.settings.longest_token_lifetime,
        )

    @provide
    def key_ring(self, storage: Storage, sealer: AesKeySealer) -> AnyOf[StoredKeyRing, KeyRing]:
        return StoredKeyRing(storage, sealer, self.settings.longest_token_lifetime)

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
