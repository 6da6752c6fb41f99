"""The Litestar application without the edge."""

from typing import Any

import pytest
from dishka import make_async_container
from litestar.exceptions import NotFoundException

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
