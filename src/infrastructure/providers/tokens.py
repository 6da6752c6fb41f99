"""The adapters of secrets, signing keys and tokens."""

from datetime import timedelta
from typing import cast, final

from dishka import AnyOf, Provider, Scope, provide

from doorward.application.keys.add_signing_key import AddSigningKey
from doorward.application.keys.ensure_signing_key import EnsureSigningKey
from doorward.application.keys.list_signing_keys import ListSigningKeys
from doorward.application.keys.maintain_signing_keys import MaintainSigningKeys
from doorward.application.keys.reseal_signing_keys import ResealSigningKeys
from doorward.application.keys.revoke_signing_key import RevokeSigningKey
from doorward.application.keys.rotate_signing_keys import RotateSigningKeys
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
from doorward.infrastructure.security.key_ring import KeyOpener, StoredKeyRing
from doorward.infrastructure.security.master_secret import MasterSecret, load_master_secret
from doorward.infrastructure.security.refresh_tokens import DerivedRefreshTokens
from doorward.infrastructure.security.revocation_lists import JwtRevocationSigner
from doorward.infrastructure.security.sealing import AesKeySealer
from doorward.infrastructure.security.service_secrets import RandomServiceSecrets
from doorward.infrastructure.security.token_cache import CachedAccessTokens
from doorward.infrastructure.security.tokens import JwtAccessTokens
from doorward.infrastructure.settings.settings import Settings

KEYS = (
    EnsureSigningKey,
    AddSigningKey,
    ListSigningKeys,
    RotateSigningKeys,
    MaintainSigningKeys,
    RevokeSigningKey,
    ResealSigningKeys,
)
"""The use cases of signing keys."""


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
    def sealer(self, secret: MasterSecret) -> KeySealer:
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
    def key_ring(self, storage: Storage, sealer: KeySealer) -> AnyOf[StoredKeyRing, KeyRing]:
        """Raise TypeError for a KeySealer in the place of ours that opens no keys."""
        if not callable(getattr(sealer, "open", None)):
            raise TypeError(
                f"{type(sealer).__name__} opens no keys. Give it the method `open` of KeyOpener, or replace KeyRing, "
                "AccessTokens and RevocationSigner, too."
            )
        opener = cast("KeyOpener", sealer)
        return StoredKeyRing(storage, opener, self.settings.longest_token_lifetime)

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
