"""How many parts a request may have. Every parser counts the parts before it works on any of them, because a few
kilobytes can hold thousands. Each limit is far above what clients send.

Limits in bytes stand beside the rules that they belong to. Tokens have limits of their own.
"""

from typing import Final

MAX_PATH_SEGMENTS: Final = 16
"""No route has more than six."""

MAX_QUERY_PARAMETERS: Final = 64
MAX_FORM_MEMBERS: Final = 64
"""A sign-up has at most 32 roles and three other members."""

MAX_JSON_VALUES: Final = 128
"""Members and items of a body, on all levels together."""

MAX_SMALL_CHUNKS: Final = 128
SMALL_CHUNK_BYTES: Final = 1_024
"""Each chunk of a body wakes the event loop. Larger chunks are few, because the body has a limit in bytes."""

MAX_COOKIES: Final = 200
"""Browsers keep up to 180 cookies per site, and some are set by other hosts of the site."""

MAX_ENTITY_TAGS: Final = 64
MAX_PREFERENCES: Final = 32

MAX_FORWARDED_ADDRESSES: Final = 16
"""Only the last ones are read. Those before them count only if 16 proxies in a row are trusted."""
