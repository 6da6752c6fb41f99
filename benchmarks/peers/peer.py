"""What is known of a peer: for the report, for the load, and for whoever installs and starts it."""

import fcntl
import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from peers.calls import Answer, Call
from peers.running import Database, RunningPeer
from peers.toolchains import PeerUnavailable, Toolchain

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Installation:
    """A peer that can be started, as often as one likes."""

    folder: Path
    command: list[str]
    ready: Call = field(repr=False)

    def start(self, database: Database) -> RunningPeer:
        """It makes its tables in `database`, and answers when this returns. Raise PeerFailed when it does not."""
        return RunningPeer.start(self.command, self.folder, database, self.ready)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """`hashing`, `guarding` and `revoking` are a sentence each, for the report; the numbers of queries are measured by
    `make peers`.

    `sign_up` and `sign_in` are of user number N, who signs up first. `token` reads the answer to a sign-in;
    `signed_in` and `role_guarded` take what it gave. `make_admin` is a statement for the peer's own database.
    """

    name: str
    """Of its folder here and below the cache."""
    title: str
    toolchain: Toolchain
    hashing: str
    revoking: str
    signed_in_queries: int
    role_guarded_queries: int | None = None

    ready: Call
    sign_up: Callable[[int], Call]
    sign_in: Callable[[int], Call]
    token: Callable[[Answer], str]
    signed_in: Callable[[str], Call]
    role_guarded: Callable[[str], Call] | None = None
    make_admin: Callable[[int], str] | None = None
    public: Call | None = None

    @property
    def guarding(self) -> str:
        signed_in = f"{self.signed_in_queries} quer{'y' if self.signed_in_queries == 1 else 'ies'}"
        if self.role_guarded is None:
            return f"{signed_in} for a signed-in request; there are no roles."
        return f"{signed_in} for a signed-in request, {self.role_guarded_queries} for a role-guarded one."

    @property
    def source(self) -> Path:
        return HERE / self.name

    @property
    def versions(self) -> dict[str, str]:
        """Of the packages that it is made of, without what those need."""
        return self.toolchain.chosen(self.source)

    def install(self, cache: Path) -> Installation:
        """Into a folder of its own below `cache`, once for each lock file. Raise PeerUnavailable when that fails."""
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
        lock_file = self.source / self.toolchain.lock_file
        wanted = hashlib.sha256(self.toolchain.identity().encode() + lock_file.read_bytes()).hexdigest()
        # Within what it vouches for, so that they go together.
        stamp = self.toolchain.product(folder) / "installed"
        if stamp.exists() and stamp.read_text() == wanted:
            return
        stamp.unlink(missing_ok=True)
        for name in (self.toolchain.manifest, self.toolchain.lock_file):
            shutil.copy(self.source / name, folder)
        self.toolchain.install(folder)
        stamp.write_text(wanted)
