"""A server behind a real proxy, as clients on another address reach it."""

import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPSConnection
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import httpx2

from doorward.testing.builders import PASSWORD
from support.http.service import somebody
from support.programs.processes import PATIENCE
from support.programs.proxies import Place
from support.programs.server_process import Server

CLIENT = "127.0.0.2"
"""The address of clients. The proxy has 127.0.0.1, like all of loopback an address of this machine."""


@dataclass(frozen=True, slots=True)
class Site:
    """The server, the proxy in front of it, and the public URL of both."""

    server: Server
    place: Place
    public_url: str

    @property
    def host(self) -> str:
        return urlsplit(self.public_url).netloc

    @property
    def origin(self) -> str:
        return f"https://{self.host}"

    @property
    def answers(self) -> bool:
        """Whether the proxy has read its files, and passes requests on."""
        try:
            return self.ask("GET", "/").status_code == 200
        except httpx2.TransportError:
            return False

    def ask(self, method: str, address: str, **options: Any) -> httpx2.Response:
        """Return the answer of the proxy to a request for a whole address, or for a path below the public URL."""
        url = address if address.startswith("https://") else self.public_url + address
        target = url.removeprefix(self.origin)
        headers = {"Host": self.host, **options.pop("headers", {})}
        transport = httpx2.HTTPTransport(verify=False, local_address=CLIENT)
        with httpx2.Client(transport=transport, timeout=PATIENCE) as client:
            return client.request(
                method,
                f"https://127.0.0.1:{self.place.port}{target}",
                headers=headers,
                extensions={"sni_hostname": self.host},
                **options,
            )

    def exactly(self, target: str, **headers: str) -> tuple[int, str]:
        """Return status and text for a target that no client library has tidied up. The proxy gets no server name."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with closing(HTTPSConnection("127.0.0.1", self.place.port, timeout=PATIENCE, context=context)) as connection:
            connection.putrequest("GET", target, skip_host=True)
            for name, value in {"Host": self.host, **headers}.items():
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")

    def sign_up(self, name: str) -> None:
        """Create an account with the password PASSWORD."""
        assert self.ask("POST", "/api/auth/signup", json=somebody(name)).status_code == 201

    def sign_in(self, name: str, **headers: str) -> Mapping[str, Any]:
        """Return the body of the answer to a sign-in."""
        body = {"username": name, "password": PASSWORD}
        answer = self.ask("POST", "/api/auth/signin", json=body, headers=headers)
        self.server.hide(answer)
        signed_in: Mapping[str, Any] = answer.json()
        return signed_in


def cookies(answer: httpx2.Response) -> dict[str, Any]:
    """Return what the answer sets, by name."""
    lines = answer.headers.get_list("set-cookie")
    return {name: morsel for line in lines for name, morsel in SimpleCookie(line).items()}


def sent(answer: httpx2.Response) -> str:
    """Return the header `Cookie` of a browser that has got this answer."""
    return "; ".join(f"{name}={morsel.value}" for name, morsel in cookies(answer).items())
