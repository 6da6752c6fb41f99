"""The body of both requests that services send about a token."""

from typing import Annotated

import msgspec
from msgspec import Meta


class PresentedToken(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 7662, section 2.1, and RFC 7009, section 2.1. Unknown members are ignored."""

    token: Annotated[str, Meta(min_length=1, description="An access token or a refresh token.")]
    token_type_hint: Annotated[
        str,
        Meta(description="Accepted and not used: the kind of a token shows in the token.", examples=["access_token"]),
    ] = ""
