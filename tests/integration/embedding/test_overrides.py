"""`create_app(..., overrides=[MyProvider()])`: each port gets another implementation once, and people are served."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, get_type_hints

import httpx2
import pytest
from dishka import Provider, Scope

from doorward import DoorwardApp, Settings, create_app
from doorward.application import ports
from doorward.application.accounts.any_profile import ANY_PROFILE
from doorward.application.accounts.create_user import CreateUser
from doorward.application.letters.letter_sender import LetterSender
from doorward.application.ports.adoption import AccountSource
from doorward.application.ports.attempts import DeviceTokens, LoginHasher
from doorward.application.ports.clock import Clock
from doorward.application.ports.letters import LinkTokens, Mailer
from doorward.application.ports.profiles import ProfileSchema
from doorward.application.ports.rate_limits import RateLimiter
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
from doorward.application.ports.sign_in_codes import SignInCodes
from doorward.application.ports.storage import Lists, Reading, Storage, Transaction
from doorward.application.services.register_service import RegisterService
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.authorization_server import AuthorizationServer
from doorward.infrastructure.clock import SystemClock
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.infrastructure.security.key_ring import StoredKeyRing
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.revocation_lists import JwtRevocationSigner
from doorward.infrastructure.security.sealing import AesKeySealer
from doorward.infrastructure.security.service_secrets import RandomServiceSecrets
from doorward.infrastructure.security.tokens import JwtAccessTokens
from doorward.testing.builders import BLOCKED, DEVICE_TOKENS, LOGINS, PASSWORD, REFRESH_TOKENS, SIGN_IN_CODES
from doorward.testing.doubles import (
    ExactLimiter,
    FrozenClock,
    ListLog,
    ListMailer,
    PlainHasher,
    PlainLinkTokens,
    PlainSealer,
    ShortBlocklist,
)
from support.http.behind_proxy import sent

URL = "http://127.0.0.1:8080/auth"


def tokens(ring: StoredKeyRing, server: AuthorizationServer) -> JwtAccessTokens:
    return JwtAccessTokens(
        ring, issuer=server.issuer, audience=server.audience, client_id=server.client_id, lifetime=60
    )


def ring(ring: StoredKeyRing) -> KeyRing:
    return ring


def revocations(ring: StoredKeyRing, server: AuthorizationServer) -> JwtRevocationSigner:
    return JwtRevocationSigner(ring, issuer=server.issuer, audience=server.audience)


OTHER_SECRET = MasterSecret(b"another secret, from which another sealer derives its key")
CASES: dict[type, Callable[[], Any]] = {
    Clock: FrozenClock,
    DeviceTokens: lambda: DEVICE_TOKENS,
    KeySealer: lambda: AesKeySealer(OTHER_SECRET),
    LinkTokens: PlainLinkTokens,
    LoginHasher: lambda: LOGINS,
    Mailer: ListMailer,
    PasswordHasher: PlainHasher,
    PasswordStrength: lambda: ShortBlocklist(frozenset({BLOCKED})),
    ProfileSchema: lambda: ANY_PROFILE,
    RateLimiter: lambda: ExactLimiter(SystemClock()),
    RefreshTokens: lambda: REFRESH_TOKENS,
    SecurityLog: ListLog,
    ServiceSecrets: RandomServiceSecrets,
    SignInCodes: lambda: SIGN_IN_CODES,
    Storage: MemoryStorage,
}
"""Another implementation of each port."""

WITH_KEYS: dict[type, Callable[..., Any]] = {AccessTokens: tokens, KeyRing: ring, RevocationSigner: revocations}
"""Further ones, whose parameters come from the container."""

GIVEN_BY_COMMANDS = {AccountSource}
"""Ports that no container holds: whoever calls the use case gives one to it."""


def ports_of_the_application() -> set[type]:
    """The ports that a program can replace: all that are no part of a storage, and no further promise of one."""
    names = [f"{ports.__name__}.{module.name}" for module in pkgutil.iter_modules(ports.__path__)]
    found = {
        each
        for name in names
        for each in vars(importlib.import_module(name)).values()
        if getattr(each, "_is_protocol", False) and each.__module__ == name
    }
    repositories = {
        get_type_hints(member.fget)["return"]
        for whole in (Transaction, Reading)
        for member in vars(whole).values()
        if isinstance(member, property)
    }
    parts = {base for each in {Lists, Transaction, Reading, *repositories} for base in each.__mro__}
    return {each for each in found - parts if Storage not in each.__mro__[1:]}


def test_every_port_has_a_case() -> None:
    assert CASES.keys() | WITH_KEYS.keys() | GIVEN_BY_COMMANDS == ports_of_the_application()


class Recorded:
    """Passes everything on, and knows that it was used."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.used: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.used.add(name)
        return getattr(self.inner, name)


def replacing(port: type, make: Callable[..., Any]) -> Provider:
    """What a program writes as a class with a method that is decorated with `provide(override=True)`."""
    provider = Provider(scope=Scope.APP)
    provider.provide(make, provides=port, override=True)
    return provider


def recorded(port: type) -> Provider:
    """The other implementation of the port, inside of a Recorded."""
    if port in CASES:
        return replacing(port, lambda: Recorded(CASES[port]()))
    make = WITH_KEYS[port]

    @wraps(make)
    def made(*parts: Any) -> Recorded:
        return Recorded(make(*parts))

    return replacing(port, made)


def is_used(replacement: object) -> bool:
    return isinstance(replacement, Recorded) and bool(replacement.used)


async def test_people_are_served_by_replacements_of_all_ports(tmp_path: Path) -> None:
    app = app_with(tmp_path, "all", *map(recorded, [*CASES, *WITH_KEYS]))
    async with app.lifespan():
        await live(app)
        assert [port for port in (*CASES, *WITH_KEYS) if not is_used(await app.get(port))] == []


@pytest.mark.full
@pytest.mark.parametrize("port", [*CASES, *WITH_KEYS], ids=lambda port: port.__name__)
async def test_a_single_replacement_works_with_the_adapters_of_the_others(port: type, tmp_path: Path) -> None:
    app = app_with(tmp_path, port.__name__, recorded(port))
    async with app.lifespan():
        await live(app)
        assert is_used(await app.get(port))


def app_with(folder: Path, name: str, *overrides: Provider) -> DoorwardApp:
    settings = Settings.of(
        data_dir=folder,
        database_url=f"memory://{name}",
        public_url=URL,
        email_codes=True,
        limit_sign_in="100/minute",
    )
    return create_app(settings, overrides=overrides)


async def live(app: DoorwardApp) -> None:
    """Do something that needs each port."""
    now = (await app.get(Clock)).now()
    await (await app.get(CreateUser))("ada", "ada@example.org", PASSWORD, now, by=OPERATOR)
    await (await app.get(RegisterService))("shop", now, by=OPERATOR)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url=URL, headers={"Origin": "http://127.0.0.1:8080"}) as to:
        body = {"username": "ada", "password": PASSWORD, "cookies": True}
        signed_in = await to.post("/api/auth/signin", json=body)
        assert signed_in.status_code == 200, signed_in.text
        cookie = {"Cookie": sent(signed_in)}
        changed = await to.patch("/api/account", json={"profile": {"floor": 3}}, headers=cookie)
        assert changed.status_code == 204, changed.text
        assert (await to.post("/api/auth/code/request", json={"email": "ada@example.org"})).is_success
        assert (await to.post("/api/auth/password/forgot", json={"email": "ada@example.org"})).is_success
        for path in ("/.well-known/jwks.json", "/.well-known/revocations"):
            assert (await to.get(path)).status_code == 200, path
    await (await app.get(LetterSender)).once()


async def test_a_sealer_that_opens_no_keys_is_refused_with_what_to_do(tmp_path: Path) -> None:
    app = app_with(tmp_path, "unopened", replacing(KeySealer, PlainSealer))
    with pytest.raises(TypeError, match="PlainSealer opens no keys"):
        async with app.lifespan():
            pass
