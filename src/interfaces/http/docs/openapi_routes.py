"""The route of the OpenAPI document."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from dishka import FromDishka
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.types import ControllerRouterHandler

from doorward.domain.accounts.password import PasswordPolicy
from doorward.interfaces.http.docs.openapi import OpenApiDocument
from doorward.interfaces.http.docs.openapi_problems import Problems, example_texts
from doorward.interfaces.http.errors.answers import ErrorAnswers
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.security.injection import inject

CACHE_HEADERS = {"Cache-Control": "public, max-age=300"}


def openapi_route(
    routes: Sequence[ControllerRouterHandler], error_answers: ErrorAnswers, cookie: str, public_path: str
) -> HTTPRouteHandler:
    """Return the handler of `/openapi.json`. The first request builds the document in a thread, and the
    encoded answer is kept."""
    answers: list[ASGIResponse] = []
    building = asyncio.Lock()

    @get(["/openapi.json", "/docs/openapi.json"], include_in_schema=False, opt={"access": PUBLIC})
    @inject
    async def openapi(request: Request[Any, Any, Any], policy: FromDishka[PasswordPolicy]) -> ASGIResponse:
        def build() -> bytes:
            problems = Problems(error_answers, example_texts(policy))
            document = OpenApiDocument(problems, policy.min_characters, cookie, public_path)
            return msgspec.json.encode(document.build(routes, request.app))

        async with building:
            if not answers:
                answers.append(ASGIResponse(body=await asyncio.to_thread(build), headers=CACHE_HEADERS))
        return answers[0]

    return openapi
