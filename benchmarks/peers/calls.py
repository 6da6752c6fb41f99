"""A request as data, with the answer that it expects."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from typing import Self
from urllib.parse import urlencode, urlsplit

ANSWER_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    """Pairs of a name in lower case and a value. A name may occur more than once."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, and the status and text that its answer must have.

    `headers` and `body` may contain tokens and passwords. The HTTP client adds Host and Content-Length.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    status: int = 200
    body_contains: str = ""
    opening: str = ""
    """The path of a GET request that is sent first. Its JSON answer has an `id`, which replaces `{id}` in `path`."""
    is_for_admin_port: bool = False
    """Whether it goes to the port that the peer opens for administrators."""

    @classmethod
    def posting(cls, path: str, document: Mapping[str, object], *, status: int = 200, body_contains: str) -> Self:
        """A POST request with a JSON document."""
        return cls(
            method="POST",
            path=path,
            headers={"Content-Type": "application/json"},
            body=json.dumps(document).encode(),
            status=status,
            body_contains=body_contains,
        )

    @classmethod
    def getting(cls, path: str, headers: Mapping[str, str] | None = None, *, body_contains: str) -> Self:
        return cls(method="GET", path=path, headers=headers or {}, body_contains=body_contains)

    @classmethod
    def posting_form(cls, path: str, form: Mapping[str, str], *, body_contains: str) -> Self:
        return cls(
            method="POST",
            path=path,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
            body_contains=body_contains,
        )

    def accepts(self, answer: Answer) -> bool:
        """Whether the answer has the expected status and text."""
        return answer.status == self.status and self.body_contains.encode() in answer.body


def ask(url: str, call: Call, timeout_seconds: float = ANSWER_TIMEOUT_SECONDS) -> Answer:
    """Send a request over a connection of its own. Raise OSError or HTTPException when there is no answer.

    When the opening of the request is answered without an id, return that answer.
    """
    if call.opening:
        opening = ask(url, Call(method="GET", path=call.opening), timeout_seconds)
        if (completed := opened(call, opening)) is None:
            return opening
        call = completed
    host = urlsplit(url)
    connection = HTTPConnection(host.hostname or "", host.port, timeout=timeout_seconds)
    try:
        connection.request(call.method, call.path, call.body or None, dict(call.headers))
        response = connection.getresponse()
        headers = tuple((name.lower(), value) for name, value in response.getheaders())
        return Answer(status=response.status, headers=headers, body=response.read())
    finally:
        connection.close()


def opened(call: Call, answer: Answer) -> Call | None:
    """The call with the id that the answer to its opening has; None when it has none."""
    try:
        found = str(json.loads(answer.body)["id"])
    except (ValueError, KeyError, TypeError):
        return None
    return replace(call, path=call.path.replace("{id}", found), opening="")
