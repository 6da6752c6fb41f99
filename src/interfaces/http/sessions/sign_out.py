"""Routes of sign-out."""

from dishka import FromDishka
from litestar import Controller, post
from litestar.di import NamedDependency

from doorward.application.sessions.end_all_sessions import EndAllSessions
from doorward.application.sessions.end_session import EndSession
from doorward.domain.access.decision import SIGNED_IN
from doorward.domain.access.principal import Principal
from doorward.domain.errors import AccountMissing
from doorward.interfaces.http.security.cookies import ends_session
from doorward.interfaces.http.security.injection import inject


class SignOutController(Controller):
    path = "/api/auth"
    tags = ("Sessions",)
    opt = {"access": SIGNED_IN}  # noqa: RUF012

    @post(
        "/signout",
        status_code=204,
        operation_id="signOut",
        summary="Sign out",
        middleware=[ends_session],
    )
    @inject
    async def sign_out(self, principal: NamedDependency[Principal], end: FromDishka[EndSession]) -> None:
        """Ends this session. Its access tokens and its refresh token are rejected, on every node within one second."""
        await end(principal.user_id, principal.session_id, by=principal)

    @post(
        "/signout-all",
        status_code=204,
        operation_id="signOutEverywhere",
        summary="Sign out everywhere",
        middleware=[ends_session],
        opt={"refusals": (AccountMissing,)},
    )
    @inject
    async def sign_out_everywhere(
        self, principal: NamedDependency[Principal], end_all: FromDishka[EndAllSessions]
    ) -> None:
        """Ends every session of the account, this one included."""
        await end_all(principal.user_id, by=principal)
