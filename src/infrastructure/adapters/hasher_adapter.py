"""What an adapter of password hashing implements beside the port PasswordHasher of `application/ports/security.py`.

A package offers it in the entry-point group `doorward.hashers`, under the value of DOORWARD_HASHER that chooses it:

    [project.entry-points."doorward.hashers"]
    appliance = "hashing_appliance.adapter:ApplianceAdapter"
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from doorward.application.ports.clock import Clock
from doorward.application.ports.security import PasswordHasher, SecurityLog
from doorward.infrastructure.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class HasherOptions:
    """The settings of hashing, and what a hasher needs of Doorward."""

    threads: int
    """DOORWARD_HASH_THREADS: how many passwords are hashed at the same time in one process."""
    queue: int
    """DOORWARD_HASH_QUEUE: how many more may wait. The next one is refused with HashingBusy."""
    wait_seconds: int
    """DOORWARD_HASH_WAIT_SECONDS: the longest wait for a thread."""
    clock: Clock
    log: SecurityLog


class HasherAdapter(Protocol):
    """One way to hash passwords."""

    def check(self) -> None:
        """Raise StartRefused, in one line that says what to do, if passwords cannot be hashed here."""
        ...

    def open(self, options: HasherOptions) -> AbstractAsyncContextManager[PasswordHasher]:
        """Return the hasher for the time of a service or a command. What it needs, such as threads, ends with the
        context."""
        ...

    def diagnose(self) -> Finding:
        """Return the finding `hasher` for `doorward doctor`: what hashes passwords, and whether it can here."""
        ...


HasherAdapterFactory = Callable[[str], HasherAdapter]
"""Returns the adapter for the value of DOORWARD_HASHER, which is the name of its entry point. It imports little."""
