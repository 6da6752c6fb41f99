"""The OpenAPI 3.1 document: Litestar's own, completed with what the routes declare and Litestar does not know."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib.metadata import version
from inspect import cleandoc
from typing import Any, Final, final

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, License, SecurityScheme, Server
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

from doorward.interfaces.http.docs.openapi_problems import RESPONSE_HEADERS, Problem, Problems, Schema
from doorward.interfaces.http.edge.body import FORM, FORM_ROUTES
from doorward.interfaces.http.edge.public_path import METRICS_PATH
from doorward.interfaces.http.security.access import ACCESS, PUBLIC, SERVICE, http_handlers
from doorward.interfaces.http.wire.text_limits import NEW_PASSWORD, ROLE_NAME

SCHEMA_REF: Final = "#/components/schemas/{name}"
REQUEST_ID: Final[Schema] = {
    "name": "X-Request-Id",
    "in": "header",
    "description": "Names this request in the log and in its answer. Use 8 to 64 plain characters, or leave it out.",
    "schema": {"type": "string"},
}
"""A parameter of every operation. openapi-python-client needs it, too: for an operation that takes JSON or a form and
has no optional parameter, it generates a module that does not import."""

PATH_PARAMETERS: Final[Mapping[str, Schema]] = {
    "role": {**ROLE_NAME, "examples": ["moderator"]},
    "user_id": {"examples": ["0198c2f4-c1d9-7c3e-8f6a-2b5d4e7f9a10"]},
    "invitation_id": {"examples": ["0198c2f4-e2f7-7d2a-8b1c-5e6d7f8a9b0c"]},
    "session_id": {"examples": ["0198c2f4-d3e8-7b1f-9c2d-6a4e8f0b1c35"]},
}
"""Additions to the schemas of path parameters. The domain checks the parameters, not the route."""


@final
@dataclass(slots=True)
class OpenApiDocument:
    """Builds the OpenAPI document of routes."""

    problems: Problems
    min_password_characters: int
    access_cookie: str
    """The name of the cookie that holds the access token."""
    public_path: str = ""
    """The path under which clients reach the service; empty if it is the root."""
    structs: set[type[msgspec.Struct]] = field(default_factory=lambda: {Problem})
    bodies: set[str] = field(default_factory=set)
    """Names of the structs that are request bodies."""
    forms: set[str] = field(default_factory=set)
    """Names of the structs in `bodies` that may be sent as a form."""

    def build(self, routes: Sequence[ControllerRouterHandler], served_app: Litestar) -> Schema:
        """Return the document as plain objects. Litestar generates it for a second application, which is never
        served, so that `served_app` has none of Litestar's documentation pages."""
        config = openapi_config(self.access_cookie, self.public_path)
        app = Litestar(routes, dependencies=served_app.dependencies, openapi_config=config, logging_config=None)
        document = app.openapi_schema.to_schema()
        for route, handler in http_handlers(app):
            if handler.resolve_include_in_schema():
                for method in handler.http_methods:
                    self.complete(document["paths"][route.path_format][method.lower()], route, handler)
        if self.public_path:
            document["paths"][METRICS_PATH]["servers"] = [{"url": "/"}]
        document["components"] |= {
            "schemas": self.schemas(),
            "responses": self.problems.shared,
            "parameters": {"RequestId": REQUEST_ID},
        }
        return document

    def complete(self, operation: Schema, route: HTTPRoute, handler: HTTPRouteHandler) -> None:
        """Add to an operation what Litestar does not know: security, body, headers and refusals."""
        parameters = operation.pop("parameters", [])
        body = handler.parsed_data_field
        for parameter in parameters:
            parameter["schema"] |= PATH_PARAMETERS.get(parameter["name"], {})
        answers = {status: answer for status, answer in operation["responses"].items() if status < "400"}
        for status, answer in answers.items():
            answer["description"] = HTTPStatus(int(status)).phrase
            answer["headers"] = {**RESPONSE_HEADERS, **answer.get("headers", {})}
        takes_input = bool(parameters) or body is not None
        refusals = self.problems.responses(route, handler, takes_input=takes_input)
        operation["parameters"] = [*parameters, {"$ref": "#/components/parameters/RequestId"}]
        operation["responses"] = {**answers, **refusals}
        operation["security"] = security(handler)
        self.structs |= structs_of(handler)
        if body is not None:
            content = self.content(body.annotation.__name__, takes_forms=route.path.encode() in FORM_ROUTES)
            operation["requestBody"] = {"required": not body.has_default, "content": content}

    def content(self, name: str, *, takes_forms: bool) -> Schema:
        """Return the media types of the body that is the struct of that name."""
        self.bodies.add(name)
        content = {"application/json": {"schema": {"$ref": SCHEMA_REF.format(name=name)}}}
        if takes_forms:
            self.forms.add(name)
            content[FORM.decode()] = {"schema": {"$ref": SCHEMA_REF.format(name=f"{name}Form")}}
        return content

    def schemas(self) -> Schema:
        """Return the schemas of all structs, by msgspec. Litestar's own leave out docstrings, `extra_json_schema` and
        that unknown members are refused."""
        ordered = sorted(self.structs, key=lambda struct: struct.__name__)
        _, schemas = msgspec.json.schema_components(ordered, ref_template=SCHEMA_REF)
        for member in (each for schema in schemas.values() for each in schema.get("properties", {}).values()):
            if NEW_PASSWORD.items() <= member.items():
                member["minLength"] = self.min_password_characters
        schemas["Question"] |= {
            "oneOf": [{"required": ["anyRole"]}, {"required": ["method", "path"]}],
            "dependentRequired": {"method": ["path"], "path": ["method"]},
        }
        for schema in schemas.values():
            if description := schema.get("description"):
                schema["description"] = cleandoc(description)
        for name in self.bodies:
            describe_members(schemas[name])
        schemas |= {f"{name}Form": form_schema(schemas[name]) for name in self.forms}
        return dict(sorted(schemas.items()))


def openapi_config(access_cookie: str, public_path: str) -> OpenAPIConfig:
    """Return what Litestar needs to know: title, version, address and the ways to authenticate."""
    schemes = {
        "bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT"),
        "accessToken": SecurityScheme(type="apiKey", security_scheme_in="header", name="x-access-token"),
        "cookie": SecurityScheme(type="apiKey", security_scheme_in="cookie", name=access_cookie),
        "service": SecurityScheme(type="http", scheme="basic", description="Id and secret of a registered service."),
    }
    return OpenAPIConfig(
        title="Doorward",
        version=version("doorward"),
        summary="Sign-up, sign-in, JWT and roles.",
        servers=[Server(url=public_path or "/")],
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        components=Components(security_schemes=dict(schemes)),
        use_handler_docstrings=True,
    )


def security(handler: HTTPRouteHandler) -> list[Schema]:
    """Return the security requirements of a route, any one of which suffices."""
    access = handler.opt[ACCESS]
    if access is PUBLIC:
        return []
    return [{"service": []}] if access is SERVICE else [{"bearer": []}, {"accessToken": []}, {"cookie": []}]


def structs_of(handler: HTTPRouteHandler) -> set[type[msgspec.Struct]]:
    """Return the structs that the route takes and returns."""
    returned = handler.parsed_fn_signature.return_type
    described = (specification.data_container for specification in (handler.responses or {}).values())
    named: Iterable[Any] = (returned.annotation, *(inner.annotation for inner in returned.inner_types), *described)
    if handler.parsed_data_field is not None:
        named = (*named, handler.parsed_data_field.annotation)
    return {type_ for type_ in named if isinstance(type_, type) and issubclass(type_, msgspec.Struct)}


def describe_members(schema: Schema) -> None:
    """Add to the members of a body that texts have no U+0000. Remove defaults, because generators of clients treat a
    member that has one as required."""
    for member in schema["properties"].values():
        member.pop("default", None)
        text = member.get("items", member)
        if text.get("type") == "string" and text.get("format") != "email":
            text.setdefault("pattern", "^[^\\x00]*$")


def form_schema(schema: Schema) -> Schema:
    """Return the schema of the same body as a form, which has texts only and therefore no flags."""
    members = {name: member for name, member in schema["properties"].items() if member.get("type") != "boolean"}
    return {**schema, "title": f"{schema['title']}Form", "properties": members}
