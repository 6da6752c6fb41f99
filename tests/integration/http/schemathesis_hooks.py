"""Loaded by schemathesis (SCHEMATHESIS_HOOKS): what HTTP itself rules out is not tried."""

from typing import Any

import schemathesis
from schemathesis.core import NOT_SET

WITHOUT_BODY = {"GET", "HEAD", "OPTIONS", "TRACE"}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """A method that was not declared is tried with the body of another; these have none (RFC 9110, section 9.3). And
    of two invented tokens one is enough: together they are refused as ambiguous, whatever else the request says."""
    if case.method.upper() in WITHOUT_BODY:
        case.body = NOT_SET
        case.media_type = None
    names = {name.lower(): name for name in case.headers}
    if "authorization" in names and (other := names.get("x-access-token")):
        del case.headers[other]
