"""For whoever watches over the service: is it alive, can it work, what has it done."""

import asyncio

import msgspec
from dishka import FromDishka
from dishka.integrations.litestar import inject
from litestar import get
from litestar.response.base import ASGIResponse

from application.access.list_roles import ListRoles
from application.keys.list_signing_keys import ListSigningKeys
from domain.access.role import USER
from domain.errors import RoleMissing, StorageUnavailable
from interfaces.http.guard import PUBLIC
from interfaces.http.metrics import render
from interfaces.http.prepared import json_answer
from interfaces.http.refusals import NotReady

DEADLINE = 1.5
"""Seconds for the database to answer."""

METRICS = "text/plain; version=0.0.4"


class Health(msgspec.Struct, frozen=True, kw_only=True):
    status: str


ALIVE = json_answer(Health(status="alive"))
READY = json_answer(Health(status="ready"))


@get(
    ["/health/live", "/healthz"],
    operation_id="live",
    summary="The process answers",
    tags=["Operations"],
    opt={"access": PUBLIC, "answer": Health},
)
async def live() -> ASGIResponse:
    """Touches nothing, so that a database that is away restarts no process."""
    return ALIVE


@get(
    ["/health/ready", "/readyz"],
    operation_id="ready",
    summary="The service can work",
    tags=["Operations"],
    opt={"access": PUBLIC, "answer": Health, "refusals": (NotReady, StorageUnavailable)},
)
@inject
async def ready(roles: FromDishka[ListRoles], keys: FromDishka[ListSigningKeys]) -> ASGIResponse:
    """The database answers in time, holds what the migrations put there, and there is a key to sign with."""
    try:
        async with asyncio.timeout(DEADLINE):
            await roles.one(USER)
            stored = await keys()
    except (TimeoutError, RoleMissing) as error:
        raise NotReady from error
    if not stored:
        raise NotReady
    return READY


@get(
    "/metrics",
    operation_id="metrics",
    summary="Figures for Prometheus",
    tags=["Operations"],
    opt={"access": PUBLIC, "answer": METRICS},
)
async def metrics() -> ASGIResponse:
    return ASGIResponse(body=render(), media_type=METRICS)
