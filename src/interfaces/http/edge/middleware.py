"""The outermost ASGI layer. Litestar routes before its own middleware, so rules for all requests are applied here."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar
from time import perf_counter
from typing import Final, final

import structlog
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send
from structlog.contextvars import STRUCTLOG_KEY_PREFIX

from doorward.application.told_exception import told
from doorward.domain.errors import DomainError, Unavailable
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.edge.addresses import ClientAddresses
from doorward.interfaces.http.edge.body import BODY, receive_body
from doorward.interfaces.http.edge.cors import Cors
from doorward.interfaces.http.edge.hosts import AllowedHosts
from doorward.interfaces.http.edge.large_answers import LargeAnswers
from doorward.interfaces.http.edge.public_path import HEALTH_PATHS, PublicPath
from doorward.interfaces.http.edge.request_headers import (
    HEADERS_BY_NAME,
    Headers,
    HeadersByName,
    announces_body,
    check_framing,
    check_headers,
    request_id_of,
)
from doorward.interfaces.http.edge.request_response_cycle import RequestResponseCycle
from doorward.interfaces.http.edge.request_target import MAX_TARGET_BYTES, check_path, check_query
from doorward.interfaces.http.edge.response_headers import ResponseHeaders
from doorward.interfaces.http.errors.answers import ErrorAnswers
from doorward.interfaces.http.errors.dialects import DIALECTS
from doorward.interfaces.http.errors.refusals import InternalError, TargetTooLong
from doorward.interfaces.http.metrics import CLIENT_CLOSED_REQUEST, REQUEST_COUNTS, UNMATCHED

HTTP: Final = ScopeType.HTTP
"""A constant, because a look-up in the enumeration takes time in every request."""

UNSET_IN_STRUCTLOG: Final = ...
LOGGED_REQUEST_ID: Final[ContextVar[object]] = ContextVar(
    f"{STRUCTLOG_KEY_PREFIX}request_id", default=UNSET_IN_STRUCTLOG
)
LOGGED_IP: Final[ContextVar[object]] = ContextVar(f"{STRUCTLOG_KEY_PREFIX}ip", default=UNSET_IN_STRUCTLOG)
"""structlog adds these to every log line of a request, and ignores them while they are UNSET_IN_STRUCTLOG. structlog's
own functions look up their variables by name each time, which costs more."""

Report = Callable[[Unavailable], Awaitable[None]]
"""Records why a request is answered with 503."""

logger = structlog.get_logger()


class NoAnswer(Exception):
    """The application returned without an answer."""


@final
class EdgeMiddleware:
    """Wraps the application. A request that breaks a rule is refused here, every answer gets its headers, and an
    unexpected exception becomes a 500 without details. Scopes other than `http` pass through."""

    def __init__(self, app: ASGIApp, config: HttpConfig, report: Report) -> None:
        self._app = app
        self._config = config
        self._report = report
        self._public_path = PublicPath.of(config)
        self._hosts = AllowedHosts(config.allowed_hosts)
        self._addresses = ClientAddresses(config.trusted_proxies)
        self._cors = Cors(config.cors_origins, config.cors_headers)
        self._response_headers = ResponseHeaders(config)
        self.large_answers = LargeAnswers(config.large_answers)
        self._dialect = DIALECTS[config.dialect]
        self._error_answers = ErrorAnswers(self._dialect)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != HTTP:
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        method: str = scope["method"]
        headers = [*scope["headers"]]
        by_name = dict(headers)
        request_id, ip = request_id_of(by_name), self._addresses.of(scope["client"], headers)
        state = scope.setdefault("state", {})
        state["request_id"], state["ip"], state[HEADERS_BY_NAME] = request_id, ip, by_name
        LOGGED_REQUEST_ID.set(request_id)
        LOGGED_IP.set(ip)
        cycle = RequestResponseCycle(scope, receive, send, self._response_headers, self.large_answers)
        REQUEST_COUNTS.in_flight += 1
        try:
            await self._serve(scope, headers, by_name, cycle)
            if not cycle.answered:
                raise NoAnswer
        except Exception as error:  # noqa: BLE001 every other exception is answered with 500
            await self._answer_unexpected(scope, cycle, error)
        finally:
            REQUEST_COUNTS.in_flight -= 1
            self._record(method, scope, cycle.status or CLIENT_CLOSED_REQUEST, perf_counter() - started)
            LOGGED_REQUEST_ID.set(UNSET_IN_STRUCTLOG)
            LOGGED_IP.set(UNSET_IN_STRUCTLOG)

    async def _serve(
        self, scope: HTTPScope, headers: Headers, by_name: HeadersByName, cycle: RequestResponseCycle
    ) -> None:
        """Check the request, and call the application or answer a preflight. Answer refusals of either."""
        try:
            self._check(scope, headers, by_name)
            if announces_body(scope, by_name):
                check_framing(scope, by_name)
                receive = cycle.receive_from_server
                body = await receive_body(scope, by_name, receive, self._config, self._dialect)
                cycle.body = scope["state"][BODY] = body
            if self._cors.is_preflight(scope["method"], by_name):
                await cycle.respond(204, self._cors.preflight)
                return
            if scope["method"] == "HEAD":  # the application has no handlers of HEAD
                scope["method"] = "GET"
            await self._app(scope, cycle.receive, cycle.send)
        except (DomainError, HTTPException) as refusal:
            if cycle.status:  # an answer that has begun cannot become a refusal
                raise
            if isinstance(refusal, Unavailable):
                await self._report(refusal)
            await cycle.respond_with(self._error_answers.answer(refusal, scope))

    def _check(self, scope: HTTPScope, headers: Headers, by_name: HeadersByName) -> None:
        """Raise the refusal of a request whose request line or headers break a rule. The cheapest checks come first."""
        if self._public_path is not None:
            self._public_path.remove_from(scope)
        path, query = scope["raw_path"], scope["query_string"]
        if len(path) + len(query) > MAX_TARGET_BYTES:
            raise TargetTooLong
        check_headers(headers, by_name)
        if path in HEALTH_PATHS:
            scope["headers"] = [header for header in headers if header[0] != b"host"]
        else:
            self._hosts.check(by_name.get(b"host"))
        if scope["method"] != "CONNECT":
            check_path(path)
        if query:
            check_query(query)

    async def _answer_unexpected(self, scope: HTTPScope, cycle: RequestResponseCycle, error: Exception) -> None:
        """Log the exception with its places, and answer 500 unless an answer has begun. A client that left is not an
        error."""
        if cycle.client_left:
            return
        logger.error("unhandled_exception", **told(error))
        if not cycle.status:
            with suppress(OSError):
                await cycle.respond_with(self._error_answers.answer(InternalError(), scope))

    def _record(self, method: str, scope: HTTPScope, status: int, seconds: float) -> None:
        """Count the request, and log it if there is an access log."""
        route = scope.get("path_template") or UNMATCHED
        REQUEST_COUNTS.count(method, route, status, seconds)
        if self._config.access_log:
            milliseconds = round(seconds * 1000, 1)
            logger.info("http_request", method=method, route=route, status=status, milliseconds=milliseconds)
