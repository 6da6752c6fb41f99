"""Builds the service from settings, container, application and edge. Only this file, `cli/` and `embedding/` see
adapters.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace

from dishka import AsyncContainer
from litestar import Litestar
from litestar.types import ASGIApp

from doorward.application.change_feed.follower import ChangeFollower
from doorward.application.change_feed.heartbeat import Heartbeat
from doorward.application.change_feed.revocation_publisher import RevocationPublisher
from doorward.application.letters.letter_sender import LetterSender
from doorward.application.maintenance import Maintenance
from doorward.application.nodes.report_node import ReportNode
from doorward.application.prove_writing import ProveWriting
from doorward.application.rate_limits.limit_requests import LimitRequests
from doorward.application.report_unavailable import ReportUnavailable
from doorward.domain.errors import Unavailable
from doorward.infrastructure.container import make_container
from doorward.infrastructure.log.configure import configure_logging, dropped_lines
from doorward.infrastructure.settings.loading import ENV_FILE, load_settings
from doorward.infrastructure.settings.public_path import issuer_path
from doorward.infrastructure.settings.settings import Settings
from doorward.interfaces.http import metrics
from doorward.interfaces.http.app import create_app
from doorward.interfaces.http.config import HttpConfig, never
from doorward.interfaces.http.edge.behind_edge import behind_edge
from doorward.interfaces.http.edge.middleware import Report
from doorward.interfaces.http.errors.dialects import DIALECTS
from doorward.interfaces.stopping import call_on_stop


def build(settings: Settings | None = None, is_draining: Callable[[], bool] | None = None) -> ASGIApp:
    """Return the service as one ASGI application, for one worker process. Raise StartRefused.

    While `is_draining` returns True, the service is about to stop: its readiness fails, and answers close connections.
    """
    settings = settings or load_settings(os.environ, ENV_FILE)
    configure_logging(settings)
    metrics.measure_when_requested(metrics.LOG_LINES_DROPPED, dropped_lines)
    config = replace(http_config(settings), is_draining=is_draining or never)
    return application(make_container(settings), config)


def application(container: AsyncContainer, config: HttpConfig) -> ASGIApp:
    """Return the application with its background work, behind the edge."""
    app = create_app(container, config, lifespan=[background_work(container)])
    return behind_edge(app, config, report_to(container))


def report_to(container: AsyncContainer) -> Report:
    """Return what the edge calls before it answers 503."""

    async def report(refusal: Unavailable) -> None:
        (await container.get(ReportUnavailable))(refusal)

    return report


def http_config(settings: Settings) -> HttpConfig:
    """Return the settings that the HTTP interface needs."""
    return HttpConfig(
        dialect=settings.dialect,
        allowed_hosts=settings.allowed_hosts,
        cors_origins=settings.cors_origins | DIALECTS[settings.dialect].cors_origins,
        cors_headers=tuple(sorted(settings.cors_headers)),
        public_origin=settings.public_origin,
        public_path=settings.public_path,
        proxy_path=settings.proxy_path,
        issuer_path=issuer_path(settings.issuer),
        https=settings.https,
        docs=settings.docs,
        email_codes=settings.email_codes,
        trusted_proxies=settings.trusted_proxies,
        keep_alive_seconds=settings.keep_alive_seconds,
        access_log=settings.log_level == "debug",
    )


def background_work(container: AsyncContainer) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Return the lifespan that runs the background work of a server, and closes the container."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        try:
            async with working(container):
                publisher = await container.get(RevocationPublisher)
                with call_on_stop(publisher.stop):
                    yield
        finally:
            await container.close()

    return lifespan


@asynccontextmanager
async def working(container: AsyncContainer) -> AsyncIterator[None]:
    """Within the block, run the background work: it reads keys and changes, proves that it can write, keeps the
    heartbeat, does the maintenance, sends letters, and flushes the metrics.

    The first beat, the first read of the changes and the first proof end before the block begins.
    """
    follow = await container.get(ChangeFollower)
    prove_writing = await container.get(ProveWriting)
    heartbeat = await container.get(Heartbeat)
    await heartbeat.once()
    with suppress(Unavailable):  # without the database, requests get 503 until a later read succeeds
        await follow.once()
    await prove_writing.once()
    maintain = await container.get(Maintenance)
    sender = await container.get(LetterSender)
    report_node = await container.get(ReportNode)
    await container.get(LimitRequests)  # imports its library now, and not while the first sign-in waits
    works = (
        follow.run(),
        heartbeat.run(),
        prove_writing.run(),
        maintain.run(),
        sender.run(),
        report_node.run(),
        metrics.REQUEST_COUNTS.keep_flushing(),
    )
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await report_node.leave()
