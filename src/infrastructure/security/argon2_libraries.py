"""Selects the library that computes Argon2: the configured one, or the fastest that works on this machine."""

from doorward.domain.errors import HashingBusy
from doorward.infrastructure.security.argon2_cffi import Argon2Cffi
from doorward.infrastructure.security.passwords import Argon2Library
from doorward.infrastructure.settings.start_refused import StartRefused

KNOWN_ANSWER = (
    b"violet",
    "$argon2id$v=19$m=16,t=1,p=1$aGFyYm91ciBrZXR0bGUuLg$TH1Zt5VR+Z7BM0l7ZhbIzvQN/ArwqDOUeMhYrkqjz3c",
)
"""A password and its hash as libargon2 computes it, with cheap parameters. A library that disagrees is not used."""


def argon2_library(setting: str) -> Argon2Library:
    """Return the library for `auto`, `argon2-cffi` or `libsodium`. Raise StartRefused when libsodium is configured and
    does not work."""
    reference = Argon2Cffi()
    if setting == "argon2-cffi":
        return reference
    try:
        return checked_libsodium(reference)
    except (ImportError, OSError, RuntimeError, HashingBusy) as error:
        if setting == "auto":
            return reference
        fix = "install PyNaCl, or set DOORWARD_HASHER=auto"
        raise StartRefused(f"DOORWARD_HASHER: libsodium does not work here ({reason(error)}); {fix}.") from error


def checked_libsodium(reference: Argon2Library) -> Argon2Library:
    """Return the library if it computes the known answer. Raise what a missing or broken PyNaCl raises."""
    from doorward.infrastructure.security.libsodium import Libsodium  # noqa: PLC0415 PyNaCl need not be installed

    library = Libsodium(reference)
    password, phc = KNOWN_ANSWER
    if not library.verify(phc, password):
        raise RuntimeError("it computes wrong hashes")
    return library


def reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
