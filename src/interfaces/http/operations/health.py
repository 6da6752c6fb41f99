"""Routes for monitoring: liveness, readiness and metrics."""

import msgspec
from dishka import FromDishka
from dishka.integrations.litestar import inject
from litestar import get
from litestar.response.base import ASGIResponse

from doorward.application.check_readiness import CheckReadiness
from doorward.application.ports.clock import Clock
from doorward.interfaces.http.docs.answers import json_response, text_response
from doorward.interfaces.http.errors.refusals import NotReady
from doorward.interfaces.http.operations.metrics import Figures
from doorward.interfaces.http.prepared import json_answer
from doorward.interfaces.http.security.guard import PUBLIC

METRICS = "text/plain; version=0.0.4"
FIGURES = Figures()


class Health(msgspec.Struct, frozen=True, kw_only=True):
    status: str


ALIVE = json_answer(Health(status="alive"))
READY = json_answer(Health(status="ready"))


@get(
    "/health/live",
    operation_id="live",
    summary="Check that the process is alive",
    tags=["Operations"],
    opt={"access": PUBLIC},
    responses=json_response(Health),
)
async def live() -> ASGIResponse:
    """Uses no database, so that an outage of the database restarts no process."""
    return ALIVE


healthz = get("/healthz", include_in_schema=False, opt={"access": PUBLIC})(live.fn)
"""The same under the name that Kubernetes made usual."""


@get(
    "/health/ready",
    operation_id="ready",
    summary="Check that the service is ready",
    tags=["Operations"],
    opt={"access": PUBLIC, "refusals": (NotReady,)},
    responses=json_response(Health),
)
@inject
async def ready(check: FromDishka[CheckReadiness]) -> ASGIResponse:
    """It is ready when the database answers in time, is migrated, and holds a signing key. The result is at most one
    second old."""
    if not await check():
        raise NotReady
    return READY


readyz = get("/readyz", include_in_schema=False, opt={"access": PUBLIC})(ready.fn)
"""The same under the name that Kubernetes made usual."""


@get(
    "/metrics",
    operation_id="metrics",
    summary="Get metrics for Prometheus",
    tags=["Operations"],
    opt={"access": PUBLIC},
    responses=text_response(),
)
@inject
async def metrics(clock: FromDishka[Clock]) -> ASGIResponse:
    """The metrics are at most one second old."""
    return ASGIResponse(body=FIGURES.text(clock.monotonic()), media_type=METRICS)
