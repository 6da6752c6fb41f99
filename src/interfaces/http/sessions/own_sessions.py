"""Routes for the sessions of the account that is signed in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from dishka import FromDishka
from litestar import Controller, delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta

from doorward.application.ports.clock import Clock
from doorward.application.sessions.end_other_sessions import EndOtherSessions
from doorward.application.sessions.end_session import EndSession
from doorward.application.sessions.list_sessions import ListedSession, ListSessions
from doorward.domain.access.decision import SIGNED_IN
from doorward.domain.access.principal import Principal
from doorward.domain.errors import AccountMissing, SessionMissing
from doorward.domain.ids import SessionId
from doorward.interfaces.http.security.injection import inject


class SessionView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A session, from sign-in to its end."""

    id: UUID
    created_at: Annotated[datetime, Meta(tz=True)]
    last_used_at: Annotated[
        datetime, Meta(tz=True, description="Time of the sign-in or, if there was one, of the last refresh.")
    ]
    expires_at: Annotated[
        datetime, Meta(tz=True, description="Time at which the session ends unless it is refreshed before.")
    ]
    address: Annotated[str, Meta(description="The client's IP address at sign-in.", examples=["192.0.2.7"])]
    user_agent: Annotated[str, Meta(description="The client's `User-Agent` at sign-in.", examples=["curl/8.14.1"])]
    keeps_token: Annotated[
        bool,
        Meta(
            description="True if the latest refresh left the refresh token as it was, which only the tutorial dialect "
            "does. A stolen refresh token of such a session cannot be recognized."
        ),
    ]
    current: Annotated[bool, Meta(description="True for the session of this request.")]


class SessionList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    sessions: Annotated[list[SessionView], Meta(description="Sessions, the latest sign-in first.")]


def session_view(listed: ListedSession, own_session_id: SessionId) -> SessionView:
    """Return a session as its owner or an admin sees it; `own_session_id` is that of the request."""
    session = listed.session
    return SessionView(
        id=session.id,
        created_at=session.started_at,
        last_used_at=session.last_used_at,
        expires_at=listed.ends_at,
        address=session.device.address,
        user_agent=session.device.user_agent,
        keeps_token=session.keeps_token,
        current=session.id == own_session_id,
    )


def session_list(found: Sequence[ListedSession], own_session_id: SessionId) -> SessionList:
    """Return sessions, of which `own_session_id` is that of the request."""
    return SessionList(sessions=[session_view(listed, own_session_id) for listed in found])


class AccountSessionsController(Controller):
    path = "/api/account/sessions"
    tags = ("Own account",)
    opt = {"access": SIGNED_IN}  # noqa: RUF012

    @get(
        "/",
        operation_id="listOwnSessions",
        summary="List the own sessions",
        opt={"refusals": (AccountMissing,)},
    )
    @inject
    async def list_own_sessions(
        self, principal: NamedDependency[Principal], sessions: FromDishka[ListSessions], clock: FromDishka[Clock]
    ) -> SessionList:
        return session_list(await sessions(principal.user_id, clock.now()), principal.session_id)

    @delete(
        "/",
        operation_id="endOtherSessions",
        summary="End all other sessions",
    )
    @inject
    async def end_others(self, principal: NamedDependency[Principal], end_others: FromDishka[EndOtherSessions]) -> None:
        await end_others(principal)

    @delete(
        "/{session_id:uuid}",
        operation_id="endOwnSession",
        summary="End one of the own sessions",
        opt={"refusals": (SessionMissing,)},
    )
    @inject
    async def end_session(
        self, session_id: FromPath[UUID], principal: NamedDependency[Principal], end: FromDishka[EndSession]
    ) -> None:
        """It may be the session of this request. A session of another account is not found."""
        await end(principal.user_id, SessionId(session_id), by=principal)
