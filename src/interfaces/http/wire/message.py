import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of one sentence."""

    message: str
