"""A service whose public URL has a path, as clients see it through a proxy that keeps the path or strips it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2

from doorward.testing.builders import PASSWORD
from support.http.in_process import App
from support.http.service import somebody

ORIGIN = "https://example.com"
PATH = "/auth"
PUBLIC_URL = ORIGIN + PATH


@dataclass(frozen=True, slots=True)
class Proxied:
    """Passes on what is below the path, and the metadata of RFC 8414, which are outside."""

    app: App
    strips: bool

    def ask(self, method: str, address: str, **options: Any) -> httpx2.Response:
        """Return the answer to a request for a whole address of the public origin."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}" == ORIGIN, address
        target = self.passed_on(parts.path) + (f"?{parts.query}" if parts.query else "")
        headers = {"Host": parts.netloc, **options.pop("headers", {})}
        return self.app.request(method, target, headers=headers, **options)

    def sign_up(self, name: str) -> None:
        """Create an account with the password PASSWORD."""
        assert self.ask("POST", f"{PUBLIC_URL}/api/auth/signup", json=somebody(name)).status_code == 201

    def sign_in(self, name: str) -> Mapping[str, Any]:
        """Return the body of the answer to a sign-in."""
        answer = self.ask("POST", f"{PUBLIC_URL}/api/auth/signin", json={"username": name, "password": PASSWORD})
        self.app.hide(answer)
        body: Mapping[str, Any] = answer.json()
        return body

    def passed_on(self, path: str) -> str:
        """Return the path that the service gets."""
        if path == f"/.well-known/oauth-authorization-server{PATH}":
            return path
        assert path == PATH or path.startswith(f"{PATH}/"), path
        return (path.removeprefix(PATH) or "/") if self.strips else path
