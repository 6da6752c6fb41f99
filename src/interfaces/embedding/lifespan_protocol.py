"""The lifespan messages of ASGI, for an application whose lifespan is a context manager."""

from contextlib import AbstractAsyncContextManager
from traceback import format_exc
from typing import Any

from doorward.infrastructure.settings.start_refused import StartRefused


async def answer_lifespan(lifespan: AbstractAsyncContextManager[None], receive: Any, send: Any) -> None:
    """Enter the context at the startup message, and leave it at the shutdown message.

    The server is told of a start that is refused in one line. Any other exception is told with its traceback, and
    raised.
    """
    await receive()
    try:
        await lifespan.__aenter__()
    except StartRefused as refused:
        await send({"type": "lifespan.startup.failed", "message": str(refused)})
        return
    except BaseException:
        await send({"type": "lifespan.startup.failed", "message": format_exc()})
        raise
    await send({"type": "lifespan.startup.complete"})
    await receive()
    try:
        await lifespan.__aexit__(None, None, None)
    except BaseException:
        await send({"type": "lifespan.shutdown.failed", "message": format_exc()})
        raise
    await send({"type": "lifespan.shutdown.complete"})
