from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import httpx2

from doorward.infrastructure.settings.web_addresses import DEFAULT_PORTS, bracketed, has_valid_port, is_loopback
from support.http.service import Account, Service
from support.programs.server_process import Server

ANSWER_SECONDS = 30.0
HTTP_PORT = DEFAULT_PORTS["http"]


class NotLoopback(ValueError):
    """The address is not one of this machine alone."""


def loopback_url(url: str) -> str:
    """Return the URL. Raise NotLoopback unless it is that of a server of this machine over plain HTTP."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or not is_loopback(host) or not has_valid_port(parts):
        raise NotLoopback(
            f"{url} is not an address of this machine. Write http://127.0.0.1:8080, with the port of yours."
        )
    return f"http://{bracketed(host)}:{parts.port or HTTP_PORT}"


class NoAdmin(ValueError):
    """The given credentials are not those of an admin."""


class RunningService(Service):
    """A service that somebody else started. Only its HTTP interface is used."""

    def __init__(self, url: str, username: str, password: str) -> None:
        super().__init__()
        self.address = url
        self.username = username
        self.password = password

    @property
    def url(self) -> str:
        return self.address

    def client(self, **options: Any) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=ANSWER_SECONDS, verify=False, **options)

    @property
    def admin(self) -> Account:
        """The given admin, signed in. Raise NoAdmin."""
        if self._admin is None:
            body = {"username": self.username, "password": self.password}
            answer = self.request("POST", "/api/auth/signin", json=body)
            if not answer.is_success:
                raise NoAdmin(f"{self.url} answered {answer.status_code} to the sign-in of {self.username}.")
            account = Account.signed_in(answer.json())
            listed = self.request("GET", "/api/admin/users", headers=account.bearer)
            if not listed.is_success:
                raise NoAdmin(f"{self.username} is not an admin of {self.url}.")
            self._admin = account
        return self._admin

    def create_admin(self, username: str) -> None:
        raise NotImplementedError("The admin of a running service is given.")

    def add_service(self, name: str) -> tuple[str, str]:
        raise NotImplementedError("Services are registered on the command line.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A service under attack, and the accounts that attacks made there."""

    service: Service
    own: Server | None = None
    """The same service, if this program started it: attacks may then use its command line and read its log."""

    short: bool = False
    """Whether each attack is as small as it can be and still show something."""

    made: list[Account] = field(default_factory=list)

    @property
    def port(self) -> int:
        return urlsplit(self.service.url).port or HTTP_PORT

    @property
    def host(self) -> str:
        return urlsplit(self.service.url).hostname or ""

    def account(self, stem: str, *roles: str) -> Account:
        """Return somebody new who is signed in and has these roles."""
        made = self.service.create_user(f"{stem}-{token_hex(4)}", *roles)
        self.made.append(made)
        return made

    def clean_up(self) -> None:
        """Delete the accounts that attacks made, as far as they are still there, and sign the admin out."""
        with self.service.client(headers=self.service.admin.bearer) as client:
            for account in self.made:
                client.delete(f"/api/admin/users/{account.id}")
            client.post("/api/auth/signout")
