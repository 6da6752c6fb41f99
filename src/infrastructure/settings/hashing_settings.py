"""The types of the settings of hashing, with their descriptions."""

from typing import Annotated

from msgspec import Meta

HasherName = Annotated[
    str,
    Meta(
        description="Library that computes password hashes: `argon2-cffi`, `libsodium` (through PyNaCl), or "
        "`auto`: libsodium where PyNaCl works, otherwise argon2-cffi. The hashes are the same. Which library "
        "is faster depends on the processor. The name of an installed hasher works, too."
    ),
]
HashThreads = Annotated[
    int,
    Meta(
        ge=1,
        le=256,
        description="Passwords hashed at the same time, per worker.",
        extra={"default": "number of cores"},
    ),
]
HashQueue = Annotated[
    int,
    Meta(
        ge=1,
        le=100_000,
        description="Passwords waiting to be hashed, per worker. Beyond that, or if the wait would be longer than "
        "HASH_WAIT_SECONDS, sign-ins get 503.",
        extra={"default": "32 x HASH_THREADS"},
    ),
]
HashWaitSeconds = Annotated[
    int, Meta(ge=1, le=60, description="Longest wait of a sign-in before its password is hashed, 1 to 60 seconds.")
]
