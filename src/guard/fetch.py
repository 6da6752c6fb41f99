"""Gets documents of the service by the standard library, which does what two small documents need."""

import urllib.error
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
from socket import socket
from ssl import SSLContext, create_default_context
from time import monotonic
from typing import Any, Protocol, cast
from urllib.parse import urlsplit
from urllib.request import (
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from doorward.guard.address import is_loopback

MAX_BYTES = 32 * 1024 * 1024
"""The longest revocation list, of 350,000 entries, has about 30 MB."""

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


class PunctualReads(RawIOBase):
    """Reads from a socket until its time limit has passed since the first byte was awaited, however many bytes come."""

    def __init__(self, sock: socket, reads: RawIOBase) -> None:
        self._sock = sock
        self._reads = reads
        self._ends_at = monotonic() + (sock.gettimeout() or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._ends_at - monotonic()
        if left <= 0:
            raise TimeoutError("The answer is too slow.")
        self._sock.settimeout(left)
        return self._reads.readinto(buffer)

    def close(self) -> None:
        self._reads.close()
        super().close()


class PunctualResponse(HTTPResponse):
    """The timeout of the standard library is that of each read, and a server may send its headers byte by byte."""

    def __init__(self, sock: socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = BufferedReader(PunctualReads(sock, self.fp.detach()))


class PunctualHttp(HTTPConnection):
    response_class = PunctualResponse


class PunctualHttps(HTTPSConnection):
    response_class = PunctualResponse


class Http(HTTPHandler):
    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(PunctualHttp, req)


class Https(HTTPSHandler):
    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(PunctualHttps, req, context=certified())


@cache
def certified() -> SSLContext:
    return create_default_context()


@cache
def opener(*, for_this_machine: bool) -> OpenerDirector:
    """Return what opens addresses: with the certificates of the system, and through the proxy of the environment.

    Addresses of this machine are opened without a proxy. They may begin with `http://` because nobody is on the way.
    """
    proxies = [ProxyHandler({})] if for_this_machine else []
    return build_opener(NoRedirects, Http, Https, *proxies)


def fetch(url: str, headers: Mapping[str, str], timeout: float) -> Answer:
    """Get a document as `Fetch` promises."""
    ends_at = monotonic() + timeout
    try:
        with opened(Request(url, headers=dict(headers)), timeout) as response:  # noqa: S310 the guard checks the scheme
            names = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, names, body_of(response, ends_at))
    except HTTPException as error:
        raise OSError(f"The answer is not HTTP ({type(error).__name__}).") from error


def opened(request: Request, timeout: float) -> HTTPResponse:
    """Return the response, also one that is an error."""
    try:
        is_here = is_loopback(urlsplit(request.full_url).hostname or "")
        return cast("HTTPResponse", opener(for_this_machine=is_here).open(request, timeout=timeout))
    except urllib.error.HTTPError as error:
        return cast("HTTPResponse", error)


def body_of(response: HTTPResponse, ends_at: float) -> bytes:
    """Return the body. Raise OSError if it is too long, cut off, or not there at the monotonic time `ends_at`."""
    body = bytearray()
    while chunk := response.read1(CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_BYTES:
            raise OSError(f"The answer has more than {MAX_BYTES} bytes.")
        if monotonic() > ends_at:
            raise TimeoutError("The answer is too slow.")
    if response.length:
        raise OSError("The answer was cut off.")
    return bytes(body)
