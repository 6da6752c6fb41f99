"""Loaded by schemathesis (SCHEMATHESIS_HOOKS): what HTTP itself rules out is not tried."""

from typing import Any
from uuid import UUID

import schemathesis
from schemathesis.core import NOT_SET

WITHOUT_BODY = {"GET", "HEAD", "OPTIONS", "TRACE"}
ENDING = {"/api/account/sessions/{session_id}", "/api/admin/users/{user_id}/sessions"}
NOBODYS_ID = "00000000-0000-7000-8000-000000000000"


@schemathesis.hook  # type: ignore[untyped-decorator]
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """A method that was not declared is tried with the body of another; these have none (RFC 9110, section 9.3). And
    of two invented tokens one is enough: together they are refused as ambiguous, whatever else the request says.

    An id that an earlier answer told is that of the session or account by which all this is asked: it goes on."""
    if case.method.upper() in WITHOUT_BODY:
        case.body = NOT_SET
        case.media_type = None
    names = {name.lower(): name for name in case.headers}
    if "authorization" in names and (other := names.get("x-access-token")):
        del case.headers[other]
    if case.method.upper() == "DELETE" and case.operation.path in ENDING:
        case.path_parameters = {name: without_id(value) for name, value in case.path_parameters.items()}


@schemathesis.deserializer("application/json")  # type: ignore[untyped-decorator]
def read_content(context: Any, response: Any) -> Any:
    """A JWT counts as JSON here, which it is only within."""
    is_jwt = response.headers.get("content-type") == ["application/jwt"]
    return response.content.decode("ascii") if is_jwt else response.json()


def without_id(value: Any) -> Any:
    """Nobody's in the place of anybody's; what is no id is left as it is."""
    try:
        UUID(value)
    except (AttributeError, TypeError, ValueError):
        return value
    return NOBODYS_ID
