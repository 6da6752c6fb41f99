"""The service as the tests talk to it, wherever it runs: in a process of its own, or in this one."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpx2

from doorward.testing.builders import PASSWORD

INTROSPECT, REVOKE = "/api/auth/introspect", "/api/auth/revoke"

USER_MEMBERS = {
    "id",
    "username",
    "email",
    "emailVerified",
    "roles",
    "disabled",
    "reason",
    "until",
    "createdAt",
    "deletedAt",
    "locale",
}
"""The members of an account that admins see."""

Unique = Callable[[str], str]
"""`unique("ada")`: a name that begins so and that no other test uses."""


def somebody(name: str, **members: object) -> dict[str, Any]:
    """The body of a sign-up, with members changed or added."""
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD, **members}


def outcome(answer: httpx2.Response) -> tuple[int, str]:
    """Status and code of a problem."""
    return answer.status_code, answer.json()["code"]


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    username: str
    email: str
    token: str = field(repr=False)
    refresh_token: str = field(repr=False)

    @classmethod
    def signed_in(cls, body: Mapping[str, Any]) -> Self:
        """From the answer to a sign-in or a refresh."""
        return cls(body["id"], body["username"], body["email"], body["accessToken"], body["refreshToken"])

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Service(ABC):
    """Where requests go, and the accounts that tests make there. `secrets` must not be in what the service writes."""

    def __init__(self) -> None:
        self.secrets = {PASSWORD}
        self._admin: Account | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Scheme, host and port."""

    @abstractmethod
    def client(self, **options: Any) -> httpx2.Client:
        """A client for this service, with options as httpx2.Client takes them."""

    @abstractmethod
    def create_admin(self, username: str) -> None:
        """Create an account with the role `admin` and the password PASSWORD."""

    @abstractmethod
    def add_service(self, name: str) -> tuple[str, str]:
        """Register a service; its id and secret, as an HTTP client takes them."""

    @property
    def admin(self) -> Account:
        """An admin, signed in."""
        if self._admin is None:
            self.create_admin("keeper")
            self._admin = self.sign_in("keeper")
        return self._admin

    def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Send one request from a client of its own."""
        with self.client() as client:
            return client.request(method, path, **options)

    def sign_in(self, username: str, password: str = PASSWORD) -> Account:
        answer = self.request("POST", "/api/auth/signin", json={"username": username, "password": password})
        assert answer.status_code == 200, answer.text
        self.hide(answer)
        return Account.signed_in(answer.json())

    def refresh(self, token: str) -> httpx2.Response:
        """The answer to a refresh, granted or refused."""
        answer = self.request("POST", "/api/auth/refresh", json={"refreshToken": token})
        if answer.is_success:
            self.hide(answer)
        return answer

    def refreshed(self, account: Account) -> Account:
        """The account after a refresh that was granted."""
        answer = self.refresh(account.refresh_token)
        assert answer.status_code == 200, answer.text
        return Account.signed_in(answer.json())

    def lets_in(self, account: Account) -> bool:
        """Whether the access token opens a guarded route."""
        answer = self.request("GET", "/api/test/user", headers=account.bearer)
        assert answer.is_success or outcome(answer) == (401, "invalid_token"), answer.text
        return answer.is_success

    def hide(self, answer: httpx2.Response) -> None:
        """The tokens of a sign-in or a refresh must not be in the output, either."""
        body = answer.json()
        self.secrets |= {body["accessToken"], body["refreshToken"]}

    def create_user(self, username: str, *roles: str) -> Account:
        """Somebody who signed up, was given these roles by an admin, and is signed in."""
        with self.client() as client:
            answer = client.post("/api/auth/signup", json=somebody(username))
            assert answer.status_code == 201, answer.text
            account = self.sign_in(username)
            for role in roles:
                answer = client.put(f"/api/admin/users/{account.id}/roles/{role}", headers=self.admin.bearer)
                assert answer.status_code in {200, 204}, answer.text
        return account
