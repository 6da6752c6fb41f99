"""The settings of accounts and their sessions, with their limits. `settings.py` gives them their defaults."""

from typing import Annotated

from msgspec import Meta

SessionIdleSeconds = Annotated[
    int,
    Meta(ge=60, le=31_536_000, description="Seconds without a refresh after which a session ends; default 14 days."),
]
SessionAbsoluteSeconds = Annotated[
    int,
    Meta(
        ge=60,
        le=31_536_000,
        description="Seconds after sign-in at which a session ends in any case; default 90 days.",
    ),
]
SessionsPerAccount = Annotated[
    int, Meta(ge=1, le=1_000, description="Maximum of sessions per account. One more sign-in ends the oldest.")
]
DeletedAccountsDays = Annotated[
    int,
    Meta(
        ge=0,
        le=3_650,
        description="Days for which a deleted account can be restored. Its name and email stay taken meanwhile. 0 "
        "means that accounts are deleted at once.",
    ),
]
