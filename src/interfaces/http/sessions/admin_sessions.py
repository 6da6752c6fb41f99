"""Routes by which admins list and end the sessions of an account."""

from uuid import UUID

from dishka import FromDishka
from litestar import Controller, delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from doorward.application.ports.clock import Clock
from doorward.application.sessions.end_all_sessions import EndAllSessions
from doorward.application.sessions.list_sessions import ListSessions
from doorward.domain.access.decision import any_of
from doorward.domain.access.principal import Principal
from doorward.domain.access.role import ADMIN
from doorward.domain.errors import AccountMissing
from doorward.domain.ids import UserId
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.sessions.own_sessions import SessionList, session_list


class AdminSessionsController(Controller):
    path = "/api/admin/users/{user_id:uuid}/sessions"
    tags = ("Administration: accounts",)
    opt = {"access": any_of(ADMIN)}  # noqa: RUF012

    @get(
        "/",
        operation_id="listSessions",
        summary="List the sessions of an account",
        opt={"refusals": (AccountMissing,)},
    )
    @inject
    async def list_sessions(
        self,
        user_id: FromPath[UUID],
        principal: NamedDependency[Principal],
        sessions: FromDishka[ListSessions],
        clock: FromDishka[Clock],
    ) -> SessionList:
        return session_list(await sessions(UserId(user_id), clock.now()), principal.session_id)

    @delete(
        "/",
        operation_id="endSessions",
        summary="End all sessions of an account",
        opt={"refusals": (AccountMissing,)},
    )
    @inject
    async def end_sessions(
        self, user_id: FromPath[UUID], principal: NamedDependency[Principal], end_all: FromDishka[EndAllSessions]
    ) -> None:
        """The account may sign in again. Disable it to prevent that."""
        await end_all(UserId(user_id), by=principal)
