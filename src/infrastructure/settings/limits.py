"""The settings of how many attempts and requests are admitted: a group of Settings."""

from collections.abc import Container
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Self

from msgspec import Meta

from doorward.domain.rate_limits.limit_name import LimitName
from doorward.domain.rate_limits.rate_limit import OFF, RateLimit

SYNTAX = "Off unless given, while only this machine uses the service. See [limits](limits.md#requests-of-one-kind)."


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """The limits of requests are kept as they are written. `limits_of` reads them."""

    sign_in_free_attempts: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Wrong passwords in a row at one login name that cost no delay. Each further one delays the "
            "next attempt by 1 to 10 seconds.",
        ),
    ] = 3
    sign_in_attempts_per_day: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Wrong passwords in a row at one login name within a day.")
    ] = 50
    redis_url: Annotated[
        str | None,
        Meta(
            description="Redis or Valkey in which all workers and nodes share the counts of the limits below: "
            "`redis://USER:PASSWORD@HOST:PORT/DATABASE`, or `rediss://` for TLS. "
            "`DOORWARD_REDIS_URL_FILE` names a file that holds it.",
            extra={"default": "none: each worker counts for itself"},
        ),
    ] = field(default=None, repr=False)
    limit_sign_in: Annotated[
        str, Meta(description=f"Sign-ins, whatever their outcome, per address and network. {SYNTAX}")
    ] = "200/minute,1000/hour,3000/hour/network"
    limit_sign_up: Annotated[str, Meta(description=f"Sign-ups per address and network, and of everybody. {SYNTAX}")] = (
        "100/hour,300/hour/network,600/minute/all"
    )
    limit_forgot: Annotated[
        str, Meta(description=f"Requests for a letter with a link to choose a new password. {SYNTAX}")
    ] = "60/hour,200/hour/network"
    limit_reset: Annotated[
        str, Meta(description=f"New passwords, new addresses and undone changes by the link of a letter. {SYNTAX}")
    ] = "60/hour,200/hour/network"
    limit_confirm: Annotated[
        str, Meta(description=f"Requests that prove the password, such as a change of it. {SYNTAX}")
    ] = "300/hour,1000/hour/network"
    limit_refresh: Annotated[str, Meta(description=f"Refreshes of sessions. {SYNTAX}")] = "3000/minute"
    limit_introspect: Annotated[str, Meta(description=f"Introspections and revocations by services. {SYNTAX}")] = (
        "600000/minute"
    )
    limit_code: Annotated[str, Meta(description=f"Requests for a letter with a code to sign in. {SYNTAX}")] = (
        "60/hour,200/hour/network"
    )
    limit_verify: Annotated[
        str, Meta(description=f"Requests for a letter that verifies an email address, and uses of its link. {SYNTAX}")
    ] = "60/hour,200/hour/network"

    def off_unless(self, given: Container[str]) -> Self:
        """Return the settings without the limits of requests that are not given."""
        names = {f"limit_{name}" for name in LimitName}
        off: dict[str, Any] = {name: OFF for name in names if name not in given}
        return replace(self, **off)

    @property
    def are_off(self) -> bool:
        """Return whether no requests are limited."""
        return not any(self.limits_of(name) for name in LimitName)

    def limits_of(self, name: LimitName) -> tuple[RateLimit, ...]:
        """Return the limits of one kind of requests."""
        return RateLimit.parse_all(getattr(self, f"limit_{name}"))


def check_limits(raw: str) -> str:
    """Return the limits as they were written. Raise ValueError when they cannot be read."""
    RateLimit.parse_all(raw)
    return raw
