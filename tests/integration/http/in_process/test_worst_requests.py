"""What the most expensive requests that are accepted cost, kind by kind, and how one part more is refused."""

from collections.abc import Coroutine
from typing import Any

import pytest

from support.http.edge_driver import CHUNKED, Reply, ask
from support.http.in_process import App, ServeApp
from support.http.worst_requests import REQUESTS, Worst
from support.steps import counting

pytestmark = [pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session"), pytest.mark.served]
"""What parsers cost does not depend on the database."""

MOST_TIMES_THE_CHEAPEST = 10


def sent(service: App, request: Worst, parts: int) -> Coroutine[Any, Any, Reply]:
    """Return the request with that number of parts, which is sent when it is awaited."""
    body = request.body(parts)
    framing = [(b"content-length", str(len(body[0])).encode()) if len(body) == 1 else CHUNKED] if body else []
    return ask(
        service.app,
        "POST" if body else "GET",
        request.path,
        [*request.headers(parts), *framing],
        body,
        host=[(b"host", b"127.0.0.1")],
        query=request.query(parts),
        peer="127.0.0.1",
        edge=service.app,  # type: ignore[arg-type]
    )


@pytest.fixture
def proxied(serve: ServeApp) -> App:
    """A service for which every address is that of a trusted proxy."""
    return serve(trusted_proxies="0.0.0.0/0,::/0")


def steps_of(service: App, request: Worst) -> int:
    """Return the steps of the cheapest of three requests: others wake what the service does in the background."""

    async def measured() -> int:
        sending = sent(service, request, request.parts)
        with counting() as steps:
            await sending
        return steps.count

    return min(service.loop.run(measured()) for _ in range(3))


@pytest.mark.parametrize("name", REQUESTS)
def test_no_request_that_is_answered_costs_more_than_ten_times_the_cheapest(server: App, name: str) -> None:
    """HT-17."""
    request = REQUESTS[name]
    assert steps_of(server, request) <= MOST_TIMES_THE_CHEAPEST * steps_of(server, Worst())


def test_a_long_chain_of_proxies_costs_no_more(proxied: App) -> None:
    """HT-17."""
    chain = REQUESTS["X-Forwarded-For"]
    assert steps_of(proxied, chain) <= MOST_TIMES_THE_CHEAPEST * steps_of(proxied, Worst())


@pytest.mark.parametrize("name", [name for name, request in REQUESTS.items() if request.refused])
def test_one_part_more_is_refused_with_the_limit(server: App, name: str) -> None:
    """HT-17: to callers without a token, too."""
    request = REQUESTS[name]

    def answer_to(parts: int) -> tuple[int, str, str] | None:
        reply = server.loop.run(sent(server, request, parts))
        return (reply.status, reply.code, str(reply.problem["detail"])) if reply.status >= 400 else None

    assert answer_to(request.parts + 1) == request.refused
    assert answer_to(request.parts) != request.refused
