"""Gets documents of the service by the standard library, which does what two small documents need."""

import ssl
import time
import urllib.error
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException, HTTPResponse
from typing import Any, Protocol, cast
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener

MAX_BYTES = 32 * 1024 * 1024
"""A revocation list of 100,000 entries has about 10 MB."""

CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a GET request, whatever its status."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes


class Fetch(Protocol):
    """Gets a document. `Guard(..., fetch=...)` takes another one, for example to use an HTTP client of your own."""

    def __call__(self, url: str, headers: Mapping[str, str], timeout: float) -> Answer:
        """Return the answer, and follow no redirect. Raise OSError if there is none within about `timeout` seconds."""
        ...


class NoRedirects(HTTPRedirectHandler):
    """A redirect could lead to the keys of somebody else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@cache
def opener() -> OpenerDirector:
    """Return what opens addresses: with the certificates of the system, and through the proxy of the environment."""
    return build_opener(NoRedirects, HTTPSHandler(context=ssl.create_default_context()))


def fetch(url: str, headers: Mapping[str, str], timeout: float) -> Answer:
    """Get a document as `Fetch` promises."""
    ends_at = time.monotonic() + timeout
    try:
        with opened(Request(url, headers=dict(headers)), timeout) as response:  # noqa: S310 the guard checks the scheme
            names = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, names, body_of(response, ends_at))
    except HTTPException as error:
        raise OSError(f"The answer is not HTTP ({type(error).__name__}).") from error


def opened(request: Request, timeout: float) -> HTTPResponse:
    """Return the response, also one that is an error."""
    try:
        return cast("HTTPResponse", opener().open(request, timeout=timeout))
    except urllib.error.HTTPError as error:
        return cast("HTTPResponse", error)


def body_of(response: HTTPResponse, ends_at: float) -> bytes:
    """Return the body. Raise OSError if it is too long, cut off, or not there at the monotonic time `ends_at`."""
    body = bytearray()
    while chunk := response.read1(CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_BYTES:
            raise OSError(f"The answer has more than {MAX_BYTES} bytes.")
        if time.monotonic() > ends_at:
            raise TimeoutError("The answer is too slow.")
    if response.length:
        raise OSError("The answer was cut off.")
    return bytes(body)
