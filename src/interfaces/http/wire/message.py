"""An answer of one sentence."""

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True):
    message: str
