"""The hashers `auto`, `argon2-cffi` and `libsodium`: the library that computes Argon2."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from doorward.infrastructure.finding import Finding
from doorward.infrastructure.settings.start_refused import StartRefused

if TYPE_CHECKING:
    from doorward.application.ports.security import PasswordHasher
    from doorward.infrastructure.adapters.hasher_adapter import HasherOptions


@final
@dataclass(frozen=True, slots=True)
class Argon2Adapter:
    """Implements HasherAdapter."""

    setting: str

    def check(self) -> None:
        from doorward.infrastructure.security.argon2_libraries import argon2_library  # noqa: PLC0415 slow to import

        argon2_library(self.setting)

    @asynccontextmanager
    async def open(self, options: "HasherOptions") -> "AsyncIterator[PasswordHasher]":
        from doorward.infrastructure.security.argon2_libraries import argon2_library  # noqa: PLC0415 slow to import
        from doorward.infrastructure.security.hashing_pool import HashingPool  # noqa: PLC0415 slow to import
        from doorward.infrastructure.security.passwords import Argon2Hasher  # noqa: PLC0415 slow to import

        library = argon2_library(self.setting)
        pool = HashingPool(options.threads, options.queue, options.clock, max_wait_seconds=options.wait_seconds)
        try:
            yield Argon2Hasher(library, pool, options.log)
        finally:
            pool.close()

    def diagnose(self) -> Finding:
        from doorward.infrastructure.security.argon2_libraries import argon2_library  # noqa: PLC0415 slow to import

        try:
            name = argon2_library(self.setting).name
        except StartRefused as refused:
            return Finding(
                check="hasher", state="wrong", text=f"{self.setting} cannot hash passwords here", fix=str(refused)
            )
        return Finding.judged(
            "hasher",
            f"passwords are hashed by {name}",
            good=name == "libsodium" or self.setting != "auto",
            fix="install PyNaCl: on many processors it computes the same hashes faster",
            otherwise="advice",
        )
