"""The body of requests that use the link of a letter."""

from typing import Annotated

import msgspec
from msgspec import Meta

LinkToken = Annotated[str, Meta(description="The token of the link in the letter.")]


class LinkUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    token: LinkToken
