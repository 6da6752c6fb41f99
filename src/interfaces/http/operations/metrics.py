"""The route of the metrics, for Prometheus."""

from typing import Final

from dishka import FromDishka
from litestar import get
from litestar.response.base import ASGIResponse

from doorward.application.ports.clock import Clock
from doorward.interfaces.http.docs.answers import text_response
from doorward.interfaces.http.edge.public_path import METRICS_PATH
from doorward.interfaces.http.metrics import CachedMetrics
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.security.injection import inject

METRICS_MEDIA_TYPE: Final = "text/plain; version=0.0.4"
CACHED_METRICS: Final = CachedMetrics()


@get(
    METRICS_PATH,
    operation_id="metrics",
    summary="Get metrics for Prometheus",
    tags=["Operations"],
    opt={"access": PUBLIC},
    responses=text_response(),
)
@inject
async def metrics(clock: FromDishka[Clock]) -> ASGIResponse:
    """The metrics are at most one second old."""
    return ASGIResponse(body=CACHED_METRICS.text(clock.monotonic()), media_type=METRICS_MEDIA_TYPE)
