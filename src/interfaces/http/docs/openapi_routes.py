"""Where the OpenAPI document is served."""

from typing import Any

import msgspec
from dishka import FromDishka
from dishka.integrations.litestar import inject
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from doorward.domain.accounts.password import PasswordPolicy
from doorward.interfaces.http.docs.openapi import Document
from doorward.interfaces.http.docs.openapi_problems import Problems, samples
from doorward.interfaces.http.errors.errors import Refusals
from doorward.interfaces.http.prepared import file_answer
from doorward.interfaces.http.security.guard import PUBLIC

CACHED = {"Cache-Control": "public, max-age=300"}


def openapi_route(refusals: Refusals, cookie: str) -> HTTPRouteHandler:
    answers: list[ASGIResponse] = []

    @get(["/openapi.json", "/docs/openapi.json"], include_in_schema=False, opt={"access": PUBLIC})
    @inject
    async def openapi(request: Request[Any, Any, Any], policy: FromDishka[PasswordPolicy]) -> ASGIResponse:
        if not answers:
            document = Document(Problems(refusals, samples(policy)), policy.shortest, cookie).of(request.app)
            answers.append(file_answer(msgspec.json.encode(document), "application/json", CACHED))
        return answers[0]

    return openapi
