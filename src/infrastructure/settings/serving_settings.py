"""The types of the settings of the server, with their descriptions."""

from typing import Annotated

from msgspec import Meta

DrainSeconds = Annotated[
    int,
    Meta(
        ge=0,
        le=600,
        description="Seconds between the signal to stop and the stop, 0 to 600. Readiness fails meanwhile, and "
        "requests are served. Behind a proxy that checks readiness, set it above the time in which the proxy notices.",
    ),
]
