"""A peer: its description for the report, its calls, and its installation."""

import fcntl
import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from peers.calls import Answer, Call
from peers.running import Database, DataFolder, RunningPeer
from peers.toolchains import PeerUnavailable, Toolchain

PEERS_FOLDER = Path(__file__).parent
ACCOUNTS_OF_START = 64


@dataclass(frozen=True, slots=True)
class Installation:
    """An installed peer. It can be started several times."""

    folder: Path
    command: list[str]
    ready: Call = field(repr=False)

    def start(self, storage: Database | DataFolder) -> RunningPeer:
        """Start it and wait until it answers. It creates its tables in `storage`. Raise PeerFailed on failure."""
        return RunningPeer.start(self.command, self.folder, storage, self.ready)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """An app that Doorward is compared with.

    `hashing`, `guarding` and `revoking` are sentences for the report. `make peers` checks the numbers of queries.

    `sign_up` and `sign_in` take the number of a user, who must sign up first. `token` reads the answer to a sign-in;
    `signed_in`, `role_guarded`, `own_account` and `introspect` take that token. `refresh` takes the answer itself, and
    may be sent again and again. `make_admin` takes the number of a user and returns a statement for the peer's
    database.
    """

    name: str
    """Also the name of its folder, here and below the cache directory."""
    title: str
    toolchain: Toolchain
    hashing: str
    revoking: str
    signed_in_queries: int | None
    """None when they are not counted: a server that keeps accounts in memory, or has SQLite inside."""
    storage: Literal["mysql", "sqlite"] = "mysql"
    compiles_for_seconds: int = 0
    """How long it gets each kind of request before the benchmark, because it compiles its code under load."""
    role_guarded_queries: int | None = None

    ready: Call
    sign_up: Callable[[int], Call] | None
    """None when its start creates the accounts with the numbers below ACCOUNTS_OF_START."""
    sign_in: Callable[[int], Call]
    token: Callable[[Answer], str]
    signed_in: Callable[[str], Call]
    role_guarded: Callable[[str], Call] | None = None
    make_admin: Callable[[int], str] | None = None
    own_account: Callable[[str], Call] | None = None
    introspect: Callable[[str], Call] | None = None
    refresh: Callable[[Answer], Call] | None = None
    public: Call | None = None

    @property
    def guarding(self) -> str:
        if self.signed_in_queries is None:
            return "The queries of a signed-in request are not counted."
        signed_in = f"{self.signed_in_queries} quer{'y' if self.signed_in_queries == 1 else 'ies'}"
        if self.role_guarded is None:
            return f"{signed_in} for a signed-in request; there are no roles."
        return f"{signed_in} for a signed-in request, {self.role_guarded_queries} for a role-guarded one."

    @property
    def source(self) -> Path:
        return PEERS_FOLDER / self.name

    @property
    def versions(self) -> dict[str, str]:
        """The versions of its packages, without their dependencies."""
        return self.toolchain.chosen(self.source)

    def install(self, cache: Path) -> Installation:
        """Install it below `cache`, unless that installation is up to date. Raise PeerUnavailable on failure."""
        folder = cache.resolve() / self.name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._install(folder)
        except OSError as error:
            raise PeerUnavailable(f"the cache directory cannot be used: {error}") from error
        return Installation(folder, self.toolchain.command(folder), self.ready)

    def _install(self, folder: Path) -> None:
        shutil.rmtree(folder / "app", ignore_errors=True)
        shutil.copytree(self.source, folder / "app", ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        names = (self.toolchain.manifest, self.toolchain.lock_file)
        pinned = b"".join((self.source / name).read_bytes() for name in names)
        wanted = hashlib.sha256(self.toolchain.identity().encode() + pinned).hexdigest()
        # The stamp is inside the folder that it describes, so both are deleted together.
        stamp = self.toolchain.product(folder) / "installed"
        if stamp.exists() and stamp.read_text() == wanted:
            return
        stamp.unlink(missing_ok=True)
        for name in names:
            shutil.copy(self.source / name, folder)
        self.toolchain.install(folder)
        stamp.write_text(wanted)
