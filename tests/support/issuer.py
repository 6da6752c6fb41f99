"""A Doorward that a guard follows, in the process of the test: its keys, its revocation list, and how it fails."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from threading import Event, Semaphore
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1 as P256
from cryptography.hazmat.primitives.asymmetric.ec import derive_private_key

from doorward.guard import Answer, Guard
from doorward.infrastructure.security.jwk import public_jwk, thumbprint
from doorward.testing.doubles import NOON, FrozenClock
from doorward.tokens.claims import Claims
from support.jwt.material import Key, Material, algorithm_of, compact_json
from support.programs.processes import PATIENCE

URL = "https://auth.example.org/a"
KEY = derive_private_key(0x5EC0_0D00_4AED, P256())
FIVE_MINUTES = 300
SUB = "01932c07-1111-7222-8333-444455556666"
SID = "01932c07-2222-7333-8444-555566667777"


def jwk_of(key: Key, **members: object) -> dict[str, object]:
    public = key.public_key()
    return {**public_jwk(public), "kid": thumbprint(public), "alg": algorithm_of(key), "use": "sig", **members}


def claims_of(sid: str = SID, epoch: int = 3) -> Claims:
    """Return what a token of that session says that was issued at NOON."""
    return Claims(
        subject=UUID(SUB),
        session_id=UUID(sid),
        id=UUID("01932c07-aaaa-7bbb-8ccc-ddddeeeeffff"),
        roles=frozenset(),
        epoch=epoch,
        issued_at=NOON,
        expires_at=NOON + timedelta(minutes=15),
        kid="",
    )


@dataclass(slots=True, kw_only=True)
class Issuer:
    """`issuer.fetch` is what a guard fetches with. A request that waits for news gets its answer by `publish`."""

    key: Key = KEY
    clock: FrozenClock = field(default_factory=FrozenClock)
    jwks: list[dict[str, object]] = field(default_factory=list)
    sessions: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, tuple[int, int]] = field(default_factory=dict)
    cache_control: str = "public, max-age=300"
    list_claims: dict[str, object] = field(default_factory=dict)
    """What the next lists say besides, or instead."""
    is_down: bool = False
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    closed: bool = False
    keys_may_come: Event = field(default_factory=Event)
    """While it is not set, requests for the keys wait."""
    _waits: Semaphore = field(default_factory=lambda: Semaphore(0))
    _news: Semaphore = field(default_factory=lambda: Semaphore(0))

    def __post_init__(self) -> None:
        self.jwks = self.jwks or [jwk_of(self.key)]
        self.keys_may_come.set()

    @property
    def material(self) -> Material:
        """A token that is good now."""
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": URL,
            "aud": "doorward",
            "sub": SUB,
            "exp": now + 900,
            "iat": now,
            "jti": "01932c07-aaaa-7bbb-8ccc-ddddeeeeffff",
            "client_id": "doorward",
            "sid": SID,
            "roles": ["moderator", "user"],
            "epoch": 3,
        }
        return Material(key=self.key, kid=thumbprint(self.key.public_key()), claims=claims)

    @property
    def token(self) -> str:
        return self.material.good()

    def guard(self, **options: Any) -> Guard:
        return Guard(URL, **{"fetch": self.fetch, "clock": self.clock, **options})

    def end_session(self, sid: UUID | str) -> None:
        self.sessions[str(sid)] = int(self.clock.now().timestamp()) + 900

    def revoke_before(self, epoch: int, sub: UUID | str) -> None:
        self.accounts[str(sub)] = epoch, int(self.clock.now().timestamp()) + 900

    def signed_list(self, **changes: object) -> str:
        now, material = int(self.clock.now().timestamp()), self.material
        claims = {
            "iss": URL,
            "aud": "doorward",
            "iat": now,
            "exp": now + FIVE_MINUTES,
            "cursor": f"{len(self.asked)}-cursor",
            "sessions": [{"sid": sid, "exp": until} for sid, until in self.sessions.items()],
            "accounts": [{"sub": sub, "epoch": epoch, "exp": until} for sub, (epoch, until) in self.accounts.items()],
            **self.list_claims,
            **changes,
        }
        return material.token({**material.header, "typ": "revocations+jwt"}, claims)

    def fetch(self, url: str, headers: Mapping[str, str], timeout: float) -> Answer:
        self.asked.append((url.removeprefix(URL), headers))
        if "Prefer" in headers and not self.closed:
            self._waits.release()
            self._news.acquire(timeout=PATIENCE)
        if self.is_down:
            raise ConnectionRefusedError("Nobody listens there.")
        if url == f"{URL}/.well-known/jwks.json":
            assert self.keys_may_come.wait(PATIENCE)
            body = compact_json({"keys": self.jwks})
            headers_of_keys = {"etag": f'"{sha256(body).hexdigest()}"', "cache-control": self.cache_control}
            is_known = headers.get("If-None-Match") == headers_of_keys["etag"]
            return Answer(304, headers_of_keys, b"") if is_known else Answer(200, headers_of_keys, body)
        return Answer(200, {"etag": f'W/"{len(self.asked)}"'}, self.signed_list().encode())

    def fetches(self, of: str = "jwks.json") -> int:
        """How often one of the documents was fetched."""
        return sum(path.partition("?")[0] == f"/.well-known/{of}" for path, _ in self.asked)

    def publish(self) -> None:
        """Answer the guard that waits with the present list, and return when it waits again: it has read that."""
        assert self._waits.acquire(timeout=PATIENCE)
        self._news.release()
        assert self._waits.acquire(timeout=PATIENCE)
        self._waits.release()

    def close(self) -> None:
        """Let nobody wait any more."""
        self.keys_may_come.set()
        self.closed = True
        self._news.release(100)
