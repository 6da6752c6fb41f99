"""The ONE outermost layer: Litestar routes before its own middleware, so what holds for every request stands here."""

from contextlib import suppress
from time import perf_counter
from typing import Final, final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, unbind_contextvars

from interfaces.http.addresses import ClientAddresses
from interfaces.http.answers import Dressing
from interfaces.http.body import receive_body
from interfaces.http.config import HttpConfig
from interfaces.http.cors import PREFLIGHT, Cors
from interfaces.http.exchange import Exchange
from interfaces.http.heads import Fields, Headers, announces_body, refuse_framing, refuse_headers, request_id_of
from interfaces.http.hosts import AllowedHosts
from interfaces.http.metrics import GONE, IN_FLIGHT, UNMATCHED, count_request
from interfaces.http.problems import Refusal
from interfaces.http.targets import LONGEST, NO_SUCH_PATH, TOO_LONG, canonical, refuse_query

PROBES: Final = frozenset({b"/health/live", b"/health/ready", b"/healthz", b"/readyz"})
"""Load balancers ask for these by address, so any name will do."""

SURPRISE: Final = Refusal(500, "internal_error", "Something went wrong here. The log knows it by the request id.")

logger = structlog.get_logger()


class NoAnswer(Exception):
    """The application returned without an answer."""


@final
class Edge:
    """Wraps the application: what does not meet HTTP's rules or ours is answered here, every answer gets its headers,
    and an exception becomes a 500 that tells nothing. Scopes other than `http` pass through."""

    def __init__(self, app: ASGIApp, config: HttpConfig) -> None:
        self._app = app
        self._config = config
        self._hosts = AllowedHosts(config.allowed_hosts)
        self._addresses = ClientAddresses(config.trusted_proxies)
        self._cors = Cors(config.cors_origins)
        self._dressing = Dressing(config)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        method: str = scope["method"]
        headers = [*scope["headers"]]
        fields = dict(headers)
        request_id, ip = self._introduce(scope, headers, fields)
        exchange = Exchange(scope, receive, send, self._dressing, fields.get(b"origin"))
        bind_contextvars(request_id=request_id, ip=ip)
        IN_FLIGHT.inc()
        try:
            refusal = self._screen(scope, headers, fields)
            if refusal is None and announces_body(scope, fields):
                refusal = await self._receive(scope, receive, fields, exchange)
            if refusal is not None:
                await exchange.refuse(refusal)
            else:
                await self._serve(scope, fields, exchange)
        except Exception as error:  # noqa: BLE001 the last resort
            await self._give_up(exchange, error)
        finally:
            IN_FLIGHT.dec()
            self._note(method, scope, exchange.status or GONE, perf_counter() - started)
            unbind_contextvars("request_id", "ip")

    def _introduce(self, scope: HTTPScope, headers: Headers, fields: Fields) -> tuple[str, str]:
        """The request's number and the address that it came from; the application finds both in the scope's state."""
        peer = scope["client"]
        request_id = request_id_of(fields)
        ip = self._addresses.of(peer[0] if peer else None, headers)
        scope.setdefault("state", {}).update(request_id=request_id, ip=ip)
        return request_id, ip

    def _screen(self, scope: HTTPScope, headers: Headers, fields: Fields) -> Refusal | None:
        """What the head of the request tells, cheapest first."""
        path, query = scope["raw_path"], scope["query_string"]
        if len(path) + len(query) > LONGEST:
            return TOO_LONG
        if refusal := refuse_headers(headers, fields):
            return refusal
        if path in PROBES:
            scope["headers"] = [header for header in headers if header[0] != b"host"]
        elif refusal := self._hosts.refuse(fields.get(b"host")):
            return refusal
        if not canonical(path) and scope["method"] != "CONNECT":
            return NO_SUCH_PATH
        return refuse_query(query) if query else None

    async def _receive(self, scope: HTTPScope, receive: Receive, fields: Fields, exchange: Exchange) -> Refusal | None:
        if refusal := refuse_framing(scope, fields):
            return refusal
        body = await receive_body(scope, fields, receive, self._config)
        if isinstance(body, Refusal):
            return body
        exchange.body = body
        return None

    async def _serve(self, scope: HTTPScope, fields: Fields, exchange: Exchange) -> None:
        if self._cors.is_preflight(scope["method"], fields):
            await exchange.answer(204, PREFLIGHT)
            return
        if scope["method"] == "HEAD":
            scope["method"] = "GET"
        await self._app(scope, exchange.receive, exchange.send)
        if not exchange.answered:
            raise NoAnswer

    async def _give_up(self, exchange: Exchange, error: Exception) -> None:
        """Log once, with the traceback; tell the client nothing but the request id. A client that left is no error."""
        if exchange.gone:
            return
        logger.error("unhandled_exception", exc_info=error)
        if not exchange.started:
            with suppress(OSError):
                await exchange.refuse(SURPRISE)

    def _note(self, method: str, scope: HTTPScope, status: int, seconds: float) -> None:
        route = scope.get("path_template") or UNMATCHED
        count_request(method, route, status, seconds)
        if self._config.access_log:
            milliseconds = round(seconds * 1000, 1)
            logger.info("http_request", method=method, route=route, status=status, milliseconds=milliseconds)
