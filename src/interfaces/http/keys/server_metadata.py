"""The route of the authorization server metadata (RFC 8414)."""

from functools import lru_cache
from typing import Annotated, Final

import msgspec
from dishka import FromDishka
from litestar import get
from litestar.response.base import ASGIResponse
from msgspec import Meta

from doorward.domain.access.authorization_server import AuthorizationServer
from doorward.interfaces.http.docs.answers import json_response
from doorward.interfaces.http.edge.public_path import METADATA_PATH
from doorward.interfaces.http.security.access import PUBLIC
from doorward.interfaces.http.security.injection import inject

HEADERS: Final = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
HTTP_BASIC: Final = ("client_secret_basic",)


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 8414, section 2, as far as it exists: there is no authorization endpoint and no token endpoint."""

    issuer: Annotated[str, Meta(description="The `iss` of the access tokens.", examples=["https://auth.example.com"])]
    jwks_uri: str
    introspection_endpoint: str
    introspection_endpoint_auth_methods_supported: tuple[str, ...] = HTTP_BASIC
    revocation_endpoint: str
    revocation_endpoint_auth_methods_supported: tuple[str, ...] = HTTP_BASIC
    response_types_supported: tuple[str, ...] = ()
    grant_types_supported: tuple[str, ...] = ()
    doorward_revocations_uri: Annotated[
        str, Meta(description="The list of sessions and accounts whose tokens must be rejected; not part of RFC 8414.")
    ]


@lru_cache(1)
def metadata_answer(server: AuthorizationServer) -> ASGIResponse:
    """Return the metadata with the addresses of the settings. The Host header of a request does not change them."""
    metadata = Metadata(
        issuer=server.issuer,
        jwks_uri=f"{server.url}/.well-known/jwks.json",
        introspection_endpoint=f"{server.url}/api/auth/introspect",
        revocation_endpoint=f"{server.url}/api/auth/revoke",
        doorward_revocations_uri=f"{server.url}/.well-known/revocations",
    )
    return ASGIResponse(body=msgspec.json.encode(metadata), headers=HEADERS)


@get(
    METADATA_PATH,
    operation_id="authorizationServer",
    summary="Get the issuer and the addresses of the endpoints",
    tags=["Discovery"],
    opt={"access": PUBLIC},
    responses=json_response(Metadata),
)
@inject
async def authorization_server(server: FromDishka[AuthorizationServer]) -> ASGIResponse:
    """Authorization server metadata (RFC 8414)."""
    return metadata_answer(server)
