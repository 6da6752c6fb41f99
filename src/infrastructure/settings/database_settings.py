"""The types of settings of the database, with their descriptions."""

from typing import Annotated

from msgspec import Meta

DatabaseWaitSeconds = Annotated[
    int,
    Meta(
        ge=0,
        le=3_600,
        description="How long a start or a command waits for a database that cannot be reached yet, up to 3600.",
    ),
]
