"""Routes for load balancers and orchestrators: liveness and readiness."""

from typing import Final

import msgspec
from dishka import FromDishka
from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from doorward.application.check_readiness import CheckReadiness
from doorward.interfaces.http.docs.answers import json_response
from doorward.interfaces.http.errors.refusals import Draining, NotReady
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.security.injection import inject


class Health(msgspec.Struct, frozen=True, kw_only=True):
    status: str


ALIVE: Final = ASGIResponse(body=msgspec.json.encode(Health(status="alive")))
READY: Final = ASGIResponse(body=msgspec.json.encode(Health(status="ready")))


@get(
    "/health/live",
    operation_id="live",
    summary="Check that the process is alive",
    tags=["Operations"],
    opt={"access": PUBLIC},
    responses=json_response(Health),
)
async def live() -> ASGIResponse:
    """The check does not use the database, so that an outage of the database restarts no process."""
    return ALIVE


healthz = get("/healthz", include_in_schema=False, opt={"access": PUBLIC})(live.fn)
"""The same check under the name that is usual with Kubernetes."""


@get(
    "/health/ready",
    operation_id="ready",
    summary="Check that the service is ready",
    tags=["Operations"],
    opt={"access": PUBLIC, "refusals": (NotReady, Draining)},
    responses=json_response(Health),
)
@inject
async def ready(check: FromDishka[CheckReadiness], is_draining: NamedDependency[bool]) -> ASGIResponse:
    """It is ready unless it is about to stop, and when the database answers in time, is migrated, holds a signing key,
    and could be written when that was last tried. What is known of the database is at most one second old."""
    if is_draining:
        raise Draining(cause="stop_requested")
    obstacle = await check()
    if obstacle is not None:
        raise NotReady(cause=obstacle)
    return READY


readyz = get("/readyz", include_in_schema=False, opt={"access": PUBLIC})(ready.fn)
"""The same check under the name that is usual with Kubernetes."""
