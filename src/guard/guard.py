import os
from collections.abc import Collection
from dataclasses import KW_ONLY, dataclass, field
from typing import Final, final

from doorward.guard.address import check_address
from doorward.guard.bearer import bearer_token
from doorward.guard.clock import Clock, MachineClock
from doorward.guard.fetch import Fetch, fetch
from doorward.guard.follower import Follower, basic
from doorward.guard.jwks import ALGORITHMS
from doorward.guard.key_set import KeySet
from doorward.guard.pending import settled, settled_async
from doorward.guard.refusals import InvalidToken, RoleRequired
from doorward.guard.revocations import Revocations
from doorward.tokens.claims import Claims, ClaimsReader

CLIENT_ID: Final = "doorward"
"""The `client_id` of all access tokens of Doorward."""

MAX_LIFETIME_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class State:
    """What one process knows of the service."""

    reader: ClaimsReader
    keys: KeySet
    revocations: Revocations
    follower: Follower


@final
@dataclass(frozen=True, eq=False)
class Guard:
    """Verifies access tokens of one Doorward, as strictly as it does itself.

    Make one per program. At its first use it fetches the public keys and the revocation list, and from then on one
    thread per process follows both, so that a token is verified without any request. It may be made before the process
    forks, and used in threads and tasks.

    ```python
    guard = Guard("https://auth.example.com", audience="doorward")
    claims = guard.authorize(request.headers.get("Authorization"), "moderator")
    ```
    """

    issuer: str
    """`DOORWARD_ISSUER`, exactly as it is there. Usually the address of the service."""
    _: KW_ONLY
    audience: str = "doorward"
    """`DOORWARD_AUDIENCE`."""
    url: str = ""
    """Where the service is reached, without a slash at the end, if that is not the issuer."""
    algorithms: Collection[str] = ALGORITHMS
    """A key verifies only by its own algorithm. Keys with others than these are not used."""
    access_token_seconds: int = 900
    """`DOORWARD_ACCESS_TOKEN_SECONDS`. Tokens that last longer are refused."""
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    """The id and secret of a registered service, which has a place of its own among those that wait for news."""
    allow_http: bool = False
    """Whether the address may begin with `http://` although it is not of this machine."""
    fetch: Fetch = field(default=fetch, repr=False)
    """Gets the documents, for example by an HTTP client of your own."""
    clock: Clock = field(default_factory=MachineClock, repr=False)
    _states: dict[int, State] = field(default_factory=dict, init=False, repr=False)
    """By process, because threads do not survive a fork."""

    def __post_init__(self) -> None:
        """Raise ValueError for a value that cannot be right, with what to write instead."""
        check_address(self._base, allow_http=self.allow_http)
        if not self.audience:
            raise ValueError("The audience is empty; write DOORWARD_AUDIENCE, which is doorward by default.")
        if isinstance(self.algorithms, str) or not self.algorithms or not set(self.algorithms) <= set(ALGORITHMS):
            raise ValueError(f"The algorithms are {self.algorithms!r}; list some of {', '.join(ALGORITHMS)}.")
        if not 0 < self.access_token_seconds <= MAX_LIFETIME_SECONDS:
            raise ValueError(
                f"access_token_seconds is {self.access_token_seconds}; write DOORWARD_ACCESS_TOKEN_SECONDS, which is "
                f"from 1 to {MAX_LIFETIME_SECONDS}."
            )

    def verify(self, token: str) -> Claims:
        """Return the claims of the access token. Raise InvalidToken, and Unavailable when the keys or the revocation
        list cannot be had. It waits for the network at the first use and for an unknown key, some seconds at most."""
        return settled(lambda: self._verified(token))

    async def verify_async(self, token: str) -> Claims:
        """Return what `verify` returns, without blocking the event loop."""
        return await settled_async(lambda: self._verified(token))

    def authorize(self, authorization: str | None, *roles: str) -> Claims:
        """Return the claims of the token in the value of an `Authorization` header.

        Raise as `verify` does, TokenRequired without a token, and RoleRequired unless the token names any one of the
        roles. Without roles, every valid token will do.
        """
        return with_any_of(roles, self.verify(bearer_token(authorization)))

    async def authorize_async(self, authorization: str | None, *roles: str) -> Claims:
        """Return what `authorize` returns, without blocking the event loop."""
        return with_any_of(roles, await self.verify_async(bearer_token(authorization)))

    def start(self) -> None:
        """Fetch the keys and the list now, so that the first request does not wait. Raise Unavailable if that is not
        possible; it will be tried again all the same."""
        settled(self._started)

    async def start_async(self) -> None:
        """Do what `start` does, without blocking the event loop."""
        await settled_async(self._started)

    def close(self) -> None:
        """Let the thread of this process end. The next use starts anew."""
        state = self._states.pop(os.getpid(), None)
        if state is not None:
            state.follower.stop()

    @property
    def _base(self) -> str:
        return self.url or self.issuer

    def _verified(self, token: str) -> Claims:
        here = self._here()
        here.follower.start()
        now = self.clock.now()
        try:
            claims = here.reader.read(token, here.keys.key_of, now)
        except ValueError as error:
            raise InvalidToken(str(error)) from error
        here.revocations.check(claims, now)
        return claims

    def _started(self) -> None:
        here = self._here()
        here.follower.start()
        here.keys.check()
        here.revocations.check_heard(self.clock.now())

    def _here(self) -> State:
        """Return what this process knows. A process that was forked begins with nothing."""
        process = os.getpid()
        return self._states.get(process) or self._states.setdefault(process, self._new())

    def _new(self) -> State:
        keys = KeySet(f"{self._base}/.well-known/jwks.json", self.algorithms, self.fetch, self.clock)
        revocations = Revocations(self.issuer, self.audience)
        follower = Follower(
            f"{self._base}/.well-known/revocations",
            keys,
            revocations,
            self.clock,
            fetch=self.fetch,
            authorization=basic(*self.credentials) if self.credentials else "",
        )
        reader = ClaimsReader(
            issuer=self.issuer,
            audience=self.audience,
            client_id=CLIENT_ID,
            lifetime_seconds=self.access_token_seconds,
        )
        return State(reader, keys, revocations, follower)


def with_any_of(roles: Collection[str], claims: Claims) -> Claims:
    """Return the claims if they name any one of the roles, or if no role is required. Raise RoleRequired."""
    if roles and claims.roles.isdisjoint(roles):
        raise RoleRequired(f"One of these roles is required: {', '.join(sorted(roles))}.")
    return claims
