"""What the operator wishes for single accounts of another system, such as another name."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be different for one account. It settles a name or an address that cannot be used."""

    username: str | None = None
    """The username to come with."""
    email: str | None = None
    """The address to come with."""
    no_email: bool = False
    """Whether the account comes without an address."""
    leave: bool = False
    """Whether the account stays where it is."""


NO_WISH = Wish()

Wishes = Mapping[str, Wish]
"""The wishes by the ids that the accounts have in the other system."""
