"""The ONE outermost layer: Litestar routes before its own middleware, so what holds for every request stands here."""

from contextlib import suppress
from contextvars import ContextVar
from time import perf_counter
from typing import Final, final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send
from structlog.contextvars import STRUCTLOG_KEY_PREFIX

from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.addresses import ClientAddresses
from doorward.interfaces.http.edge.body import BODY, receive_body
from doorward.interfaces.http.edge.cors import PREFLIGHT, Cors
from doorward.interfaces.http.edge.exchange import Exchange
from doorward.interfaces.http.edge.hosts import AllowedHosts
from doorward.interfaces.http.edge.request_headers import (
    FIELDS,
    Fields,
    Headers,
    announces_body,
    refuse_framing,
    refuse_headers,
    request_id_of,
)
from doorward.interfaces.http.edge.request_target import LONGEST, NO_SUCH_PATH, TOO_LONG, canonical, refuse_query
from doorward.interfaces.http.edge.response_headers import Dressing
from doorward.interfaces.http.errors.problems import Refusal
from doorward.interfaces.http.operations.metrics import GONE, TRAFFIC, UNMATCHED

PROBES: Final = frozenset({b"/health/live", b"/health/ready", b"/healthz", b"/readyz"})
"""Load balancers ask for these by address, so any name will do."""

ODD: Final = frozenset({"HEAD", "OPTIONS"})

SURPRISE: Final = Refusal(500, "internal_error", "Something went wrong here. The log knows it by the request id.")

NOTHING: Final = ...
REQUEST_ID: Final[ContextVar[object]] = ContextVar(f"{STRUCTLOG_KEY_PREFIX}request_id", default=NOTHING)
IP: Final[ContextVar[object]] = ContextVar(f"{STRUCTLOG_KEY_PREFIX}ip", default=NOTHING)
"""What structlog puts into every line of a request; NOTHING outside of one. Its own functions for this find their
variables by name each time."""

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
        request_id, ip = request_id_of(fields), self._addresses.of(scope["client"], headers)
        state = scope.setdefault("state", {})
        state["request_id"], state["ip"], state[FIELDS] = request_id, ip, fields
        REQUEST_ID.set(request_id)
        IP.set(ip)
        exchange = Exchange(scope, receive, send, self._dressing, fields.get(b"origin"))
        TRAFFIC.in_flight += 1
        try:
            refusal = self._screen(scope, headers, fields)
            if refusal is None and announces_body(scope, fields):
                refusal = await self._receive(scope, receive, fields, exchange)
            if refusal is not None:
                await exchange.refuse(refusal)
            elif method in ODD:
                await self._serve_oddly(scope, fields, exchange)
            else:
                await self._app(scope, exchange.receive, exchange.send)
            if not exchange.answered:
                raise NoAnswer
        except Exception as error:  # noqa: BLE001 the last resort
            await self._give_up(exchange, error)
        finally:
            TRAFFIC.in_flight -= 1
            self._note(method, scope, exchange.status or GONE, perf_counter() - started)
            REQUEST_ID.set(NOTHING)
            IP.set(NOTHING)

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
        exchange.body = scope["state"][BODY] = body
        return None

    async def _serve_oddly(self, scope: HTTPScope, fields: Fields, exchange: Exchange) -> None:
        """HEAD is a GET whose answer has no body; a preflight is answered here."""
        if self._cors.is_preflight(scope["method"], fields):
            await exchange.answer(204, PREFLIGHT)
            return
        if scope["method"] == "HEAD":
            scope["method"] = "GET"
        await self._app(scope, exchange.receive, exchange.send)

    async def _give_up(self, exchange: Exchange, error: Exception) -> None:
        """Log once, with the traceback; tell the client nothing but the request id. A client that left is no error."""
        if exchange.gone:
            return
        logger.error("unhandled_exception", exc_info=error)
        if not exchange.status:
            with suppress(OSError):
                await exchange.refuse(SURPRISE)

    def _note(self, method: str, scope: HTTPScope, status: int, seconds: float) -> None:
        route = scope.get("path_template") or UNMATCHED
        TRAFFIC.count(method, route, status, seconds)
        if self._config.access_log:
            milliseconds = round(seconds * 1000, 1)
            logger.info("http_request", method=method, route=route, status=status, milliseconds=milliseconds)
