"""The Litestar application without the edge."""

from typing import Any

import pytest
from dishka import make_async_container
from litestar.exceptions import NotFoundException

from doorward.infrastructure.settings.public_path import OPERATIONS_SEGMENTS, OTHER_SEGMENTS
from doorward.interfaces.http.app import create_app
from support.http.edge_driver import CONFIG


async def test_the_application_is_served_without_a_second_layer_that_catches_exceptions() -> None:
    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    scope: Any = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/nowhere",
        "raw_path": b"/nowhere",
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "client": None,
        "state": {},
    }
    with pytest.raises(NotFoundException):
        await create_app(make_async_container(), CONFIG)(scope, receive, send)


def test_every_first_segment_of_a_route_is_known_to_the_settings() -> None:
    """A path of the public URL that begins like a route is refused."""
    routes = create_app(make_async_container(), CONFIG).routes
    assert {route.path.split("/")[1] for route in routes} - {""} == OPERATIONS_SEGMENTS | OTHER_SEGMENTS
