"""The types of the settings of accounts and passwords, with their descriptions."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

PasswordMinLength = Annotated[
    int,
    Meta(
        ge=8,
        le=64,
        description="Shortest new password in characters, 8 to 64.",
        extra={"default": "15, or 8 in the tutorial dialect"},
    ),
]
PasswordBlocklist = Annotated[
    Path | None,
    Meta(description="File of additional forbidden passwords, one per line.", extra={"default": "none"}),
]
ProfileSchemaFile = Annotated[
    Path | None,
    Meta(
        description="File with a JSON Schema that the profile of each account must match, from its next change on.",
        extra={"default": "none"},
    ),
]
SignUpMode = Annotated[
    Literal["open", "invited", "closed"],
    Meta(
        description="Who may get an account: `open` is everybody, `invited` is whoever has an invitation, and with "
        "`closed` admins create all accounts."
    ),
]
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
