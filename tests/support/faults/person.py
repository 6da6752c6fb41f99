"""One client of the workload: somebody with an account of their own, who does one thing after another."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

import httpx2

from doorward.testing.builders import PASSWORD
from support.faults.ledger import Entry, Kind, Ledger
from support.http.service import somebody
from support.jwt.material import read_claims

HANG_SECONDS = 30.0
"""A request that got no answer for so long hangs. What is promised is far less."""

RECENT = 5
"""Of how many of their latest ended sessions people still try the tokens."""

Deed = Callable[["Person"], Awaitable[object]]


@dataclass(slots=True, kw_only=True)
class Person:
    """Keeps what a careful client keeps. A refresh token is replaced by its successor only, so that a refresh without
    an answer is asked for again with the same token."""

    name: str
    client: httpx2.AsyncClient
    urls: list[str]
    """The nodes. After a failure the next request goes to the next one."""
    admin: str = field(repr=False)
    """The access token of an admin."""
    ledger: Ledger
    chance: random.Random
    id: str = ""
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    session_id: str = ""
    ended: list[tuple[str, str]] = field(default_factory=list, repr=False)
    """The access tokens with which sessions were signed out of, and the sessions."""
    is_moderator: bool = False
    sign_ups: int = 0

    async def read(self) -> None:
        """Use the access token, which most routes verify in memory, or now and then one whose session has ended."""
        present = (self.access_token, self.session_id)
        lot = self.chance.random()
        if lot < 0.1 and self.ended:
            await self._get("/api/test/user", Kind.READ, *self.chance.choice(self.ended[-RECENT:]))
        elif lot < 0.3:
            await self._get("/api/account", Kind.READ_ACCOUNT, *present)
        elif lot < 0.5:
            await self._get("/api/test/mod", Kind.READ_AS_MODERATOR, *present)
        else:
            await self._get("/api/test/user", Kind.READ, *present)

    async def refresh(self) -> Entry:
        """Ask for the next pair of tokens."""
        about = self._about(Kind.REFRESH, session_id=self.session_id, refresh_token=self.refresh_token)
        entry = await self._send(about, "POST", "/api/auth/refresh", json={"refreshToken": self.refresh_token})
        if entry.status == 401:
            self._forget()
        return entry

    async def sign_in(self) -> Entry:
        """Begin a session, and use that from now on."""
        body = {"username": self.name, "password": PASSWORD}
        return await self._send(self._about(Kind.SIGN_IN), "POST", "/api/auth/signin", json=body)

    async def sign_up(self) -> Entry:
        """Make the account of this person."""
        return await self._sign_up(self.name, f"{self.name}@example.org")

    async def sign_up_another(self) -> None:
        """Make one more account. Now and then two ask for its name at once, and spell it differently."""
        self.sign_ups += 1
        name = f"{self.name}-{self.sign_ups}"
        spellings = [name, name.upper()] if self.chance.random() < 0.25 else [name]
        emails = [f"{name}-{number}@example.org" for number in range(len(spellings))]
        await asyncio.gather(*map(self._sign_up, spellings, emails))

    async def sign_out(self) -> None:
        """End the session. Another one begins with the next request."""
        present = (self.access_token, self.session_id)
        about = self._about(Kind.SIGN_OUT, session_id=self.session_id)
        entry = await self._send(about, "POST", "/api/auth/signout", headers=bearer(self.access_token))
        if entry.is_acknowledged:
            self.ended.append(present)
        if entry.is_acknowledged or entry.status == 401:
            self._forget()

    async def change_role(self) -> None:
        """Have an admin grant the role `moderator`, or revoke it."""
        kind, method = (Kind.REVOKE, "DELETE") if self.is_moderator else (Kind.GRANT, "PUT")
        path = f"/api/admin/users/{self.id}/roles/moderator"
        entry = await self._send(self._about(kind), method, path, headers=bearer(self.admin))
        if entry.is_acknowledged:
            self.is_moderator = kind is Kind.GRANT

    async def _sign_up(self, username: str, email: str) -> Entry:
        about = Entry(kind=Kind.SIGN_UP, username=username, email=email)
        return await self._send(about, "POST", "/api/auth/signup", json=somebody(username, email=email))

    async def _get(self, path: str, kind: Kind, token: str, session_id: str) -> None:
        await self._send(self._about(kind, session_id=session_id), "GET", path, headers=bearer(token))

    def _about(self, kind: Kind, *, session_id: str = "", refresh_token: str = "") -> Entry:
        return Entry(
            kind=kind,
            username=self.name,
            session_id=session_id,
            refresh_token=refresh_token,
            expected_subject=self.id,
        )

    async def _send(self, about: Entry, method: str, path: str, **options: Any) -> Entry:
        """Send one request, write it down with its answer, and keep the tokens in it."""
        started = monotonic()
        try:
            answer = await self.client.request(method, self.urls[0] + path, timeout=HANG_SECONDS, **options)
        except httpx2.TransportError as error:
            entry = replace(about, started=started, ended=monotonic(), broken=type(error).__name__)
        else:
            entry = answered(replace(about, started=started, ended=monotonic()), answer)
        self.ledger.entries.append(entry)
        if entry.failed:
            self.urls.append(self.urls.pop(0))
        if entry.next_refresh_token:
            self.id = self.id or entry.subject
            self.access_token, self.refresh_token = entry.next_access_token, entry.next_refresh_token
            self.session_id = entry.next_session_id
        return entry

    def _forget(self) -> None:
        self.access_token = self.refresh_token = self.session_id = ""


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def answered(entry: Entry, answer: httpx2.Response) -> Entry:
    """Return the entry with what the answer says."""
    media_type, retry_after = (
        answer.headers.get("content-type", "").partition(";")[0],
        answer.headers.get("retry-after"),
    )
    entry = replace(entry, status=answer.status_code, media_type=media_type, retry_after=retry_after)
    if "json" not in media_type:
        return entry
    body = answer.json()
    if body.get("accessToken") is None:
        return replace(entry, code=body.get("code", ""), subject=body.get("id", ""))
    claims = read_claims(body["accessToken"])
    return replace(
        entry,
        subject=claims["sub"],
        next_session_id=claims["sid"],
        next_access_token=body["accessToken"],
        next_refresh_token=body["refreshToken"],
    )
