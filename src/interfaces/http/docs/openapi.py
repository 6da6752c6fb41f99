"""The OpenAPI 3.1 document, drawn from what the routes themselves declare: access, refusals, structs."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib.metadata import version
from types import NoneType
from typing import Any, Final, final, get_args, get_origin

import msgspec
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg
from litestar.response.base import ASGIResponse
from litestar.routes import HTTPRoute

from doorward.interfaces.http.docs.openapi_problems import HEADERS, Problem, Problems, Schema
from doorward.interfaces.http.edge.body import FORM, FORM_ROUTES
from doorward.interfaces.http.limits import ROLE_NAME
from doorward.interfaces.http.security.guard import ACCESS, PUBLIC, SERVICE, handlers

REF: Final = "#/components/schemas/{name}"


@final
@dataclass(slots=True)
class Document:
    """Builds the document once, for one application."""

    problems: Problems
    shortest_password: int
    cookie: str
    """The name of the one with the access token."""
    types: set[Any] = field(default_factory=lambda: {Problem})
    bodies: set[str] = field(default_factory=set)
    forms: dict[str, str] = field(default_factory=dict)

    def of(self, app: Litestar) -> Schema:
        paths: dict[str, Schema] = defaultdict(dict)
        seen: set[str] = set()
        for route, handler in sorted(handlers(app), key=by_path):
            if not handler.resolve_include_in_schema() or handler.operation_id in seen:
                continue  # an alias is the same operation
            seen.add(str(handler.operation_id))
            for method in handler.http_methods:
                paths[route.path_format][method.lower()] = self.operation(route, handler)
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Doorward",
                "version": version("doorward"),
                "summary": "Sign-up, sign-in, JWT and roles.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "paths": paths,
            "components": {
                "schemas": self.schemas(),
                "responses": self.problems.shared,
                "securitySchemes": {
                    **SECURITY_SCHEMES,
                    "cookie": {"type": "apiKey", "in": "cookie", "name": self.cookie},
                },
            },
        }

    def operation(self, route: HTTPRoute, handler: HTTPRouteHandler) -> Schema:
        parameters = self.parameters(handler)
        takes_input = bool(parameters) or handler.parsed_data_field is not None
        operation: Schema = {
            "operationId": handler.operation_id,
            "summary": handler.summary,
            "tags": list(handler.resolve_tags() or ()),
            "parameters": parameters,
            "responses": {**self.successes(handler), **self.problems.of(route, handler, takes_input=takes_input)},
            "security": security(handler),
        }
        if text := (handler.fn.__doc__ or "").strip():
            operation["description"] = text
        if (data := handler.parsed_data_field) is not None:
            content = {"application/json": {"schema": self.schema(data.annotation)}}
            self.bodies.add(data.annotation.__name__)
            if route.path.encode() in FORM_ROUTES:
                content[FORM.decode()] = {"schema": self.form(data.annotation)}
            operation["requestBody"] = {"required": not data.has_default, "content": content}
        return operation

    def schema(self, type_: Any) -> Schema:
        self.types.add(type_)
        return {"$ref": REF.format(name=type_.__name__)}

    def form(self, type_: Any) -> Schema:
        name = f"{type_.__name__}Form"
        self.forms[name] = type_.__name__
        return {"$ref": REF.format(name=name)}

    def schemas(self) -> dict[str, Schema]:
        ordered = sorted(self.types, key=lambda type_: type_.__name__)
        _, schemas = msgspec.json.schema_components(ordered, ref_template=REF)
        for name, amended in self.amendments().items():
            merge(schemas[name], amended)
        for name in self.bodies:
            forbid_nul(schemas[name])
        schemas |= {form: without_flags(schemas[name]) for form, name in self.forms.items()}
        return dict(sorted(schemas.items()))

    def amendments(self) -> Mapping[str, Schema]:
        """What the types cannot say."""
        return {
            "SignUp": {"properties": {"password": {"minLength": self.shortest_password}}},
            "PasswordChange": {"properties": {"newPassword": {"minLength": self.shortest_password}}},
            "Question": {
                "oneOf": [{"required": ["anyRole"]}, {"required": ["method", "path"]}],
                "dependentRequired": {"method": ["path"], "path": ["method"]},
            },
        }

    def parameters(self, handler: HTTPRouteHandler) -> list[Schema]:
        annotations, dependencies = handler.signature_model.__annotations__, handler.resolve_dependencies()
        found = []
        for name, definition in handler.parsed_fn_signature.parameters.items():
            kwarg = definition.kwarg_definition
            if name in dependencies or not isinstance(kwarg, ParameterKwarg):
                continue
            schema = msgspec.json.schema(annotations[name]) | KNOWN_PARAMETERS.get(name, {})
            if definition.has_default:
                schema["default"] = definition.default
            place = str(kwarg.param_type.value)
            found.append({"name": kwarg.name or name, "in": place, "required": place == "path", "schema": schema})
        for name, meaning in handler.opt.get("asks", {}).items():
            found.append({"name": name, "in": "header", "description": meaning, "schema": TEXT})
        return found

    def successes(self, handler: HTTPRouteHandler) -> Schema:
        statuses = handler.opt.get("statuses", (handler.status_code,))
        return {str(status): self.success(status, handler) for status in statuses}

    def success(self, status: int, handler: HTTPRouteHandler) -> Schema:
        told = handler.opt.get("tells", {}).items()
        headers = {**HEADERS, **{name: {"description": meaning, "schema": TEXT} for name, meaning in told}}
        response: Schema = {"description": HTTPStatus(status).phrase, "headers": headers}
        if status == HTTPStatus.NOT_MODIFIED:
            return response
        answer = handler.opt.get("answer", returned(handler))
        if isinstance(answer, ASGIResponse):
            media_type = dict(answer.encode_headers())[b"content-type"].decode().partition(";")[0]
            response["content"] = {
                media_type: {"schema": {"type": "string"}, "example": answer.body.decode()},
            }
        elif isinstance(answer, str):
            response["content"] = {answer.partition(";")[0]: {"schema": {"type": "string"}}}
        elif answer is not None:
            response["content"] = {"application/json": {"schema": self.schema(answer)}}
        return response


TEXT: Final[Schema] = {"type": "string"}

KNOWN_PARAMETERS: Final[Mapping[str, Schema]] = {
    "role": {**ROLE_NAME, "examples": ["moderator"]},
    "user_id": {"examples": ["0198c2f4-c1d9-7c3e-8f6a-2b5d4e7f9a10"]},
    "session_id": {"examples": ["0198c2f4-d3e8-7b1f-9c2d-6a4e8f0b1c35"]},
}
"""What the domain will say of them; the wire leaves it the word."""

SECURITY_SCHEMES: Final[Schema] = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "accessToken": {"type": "apiKey", "in": "header", "name": "x-access-token"},
    "service": {"type": "http", "scheme": "basic", "description": "Id and secret of a registered service."},
}


def by_path(pair: tuple[HTTPRoute, HTTPRouteHandler]) -> tuple[str, list[str]]:
    route, handler = pair
    return route.path, sorted(handler.http_methods)


def security(handler: HTTPRouteHandler) -> list[Schema]:
    """Any one of these."""
    access = handler.opt[ACCESS]
    if access is PUBLIC:
        return []
    return [{"service": []}] if access is SERVICE else [{"bearer": []}, {"accessToken": []}, {"cookie": []}]


def returned(handler: HTTPRouteHandler) -> Any:
    """The struct that the handler returns, or that its Response holds; None for an answer without content."""
    annotation = handler.parsed_fn_signature.return_type.annotation
    if annotation is NoneType:
        return None
    return get_args(annotation)[0] if get_origin(annotation) is Response else annotation


def forbid_nul(schema: Schema) -> None:
    """The edge takes U+0000 in no text."""
    for member in schema["properties"].values():
        text = member.get("items", member)
        if text["type"] == "string" and text.get("format") != "email":
            text.setdefault("pattern", "^[^\\x00]*$")


def without_flags(schema: Schema) -> Schema:
    """A form holds texts: what asks for `true` is said in JSON alone, which no foreign page can send."""
    members = {name: member for name, member in schema["properties"].items() if member.get("type") != "boolean"}
    return {**schema, "title": f"{schema['title']}Form", "properties": members}


def merge(schema: Schema, amended: Mapping[str, Any]) -> None:
    for key, value in amended.items():
        if isinstance(value, Mapping) and key in schema:
            merge(schema[key], value)
        else:
            schema[key] = value
