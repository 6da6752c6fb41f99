"""The finding of `doorward doctor` about the Redis or Valkey of shared limits."""

import asyncio
from typing import Final

from doorward.infrastructure.finding import Finding
from doorward.infrastructure.rate_limits.redis_url import client_url, masked_redis_url

WAIT_SECONDS: Final = 2.0


async def diagnose_shared_limits(url: str) -> Finding:
    """Return whether the server of this URL answers."""
    from redis.asyncio import Redis  # noqa: PLC0415 an optional package

    cause = ""
    client = Redis.from_url(client_url(url))
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await client.get("doorward")
    except Exception as error:  # noqa: BLE001 whatever a client library raises, the server cannot be used
        cause = type(error).__name__
    finally:
        await client.aclose()
    place = masked_redis_url(url)
    return Finding.judged(
        "shared limits",
        f"{place} cannot be used ({cause}), and each worker counts for itself" if cause else f"{place} answers",
        good=not cause,
        fix="check that it runs, DOORWARD_REDIS_URL, and what lies between",
        otherwise="advice",
    )
