"""Routes by which admins bring accounts back to their holders."""

from uuid import UUID

from dishka import FromDishka
from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from doorward.application.accounts.restore_user import RestoreUser
from doorward.application.accounts.start_password_reset import StartPasswordReset
from doorward.application.ports.clock import Clock
from doorward.domain.access.decision import any_of
from doorward.domain.access.principal import Principal
from doorward.domain.access.role import ADMIN
from doorward.domain.errors import AccountDisabled, AccountMissing, AddressMissing
from doorward.domain.ids import UserId
from doorward.interfaces.http.accounts.user_view import UserView, user_view
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.wire.message import Message


class AdminRecoveryController(Controller):
    path = "/api/admin/users/{user_id:uuid}"
    tags = ("Administration: accounts",)
    opt = {"access": any_of(ADMIN), "refusals": (AccountMissing,)}  # noqa: RUF012

    @post("/restore", status_code=200, operation_id="restoreUser", summary="Restore a deleted account")
    @inject
    async def restore(
        self,
        user_id: FromPath[UUID],
        principal: NamedDependency[Principal],
        restore: FromDishka[RestoreUser],
        clock: FromDishka[Clock],
    ) -> UserView:
        """Its roles come back, and its sessions stay ended. Restoring an account that is not deleted changes
        nothing."""
        now = clock.now()
        return user_view(await restore(UserId(user_id), now, by=principal), now)

    @post(
        "/password-reset",
        status_code=202,
        operation_id="startPasswordReset",
        summary="Send somebody the letter with a link to choose a new password",
        opt={"refusals": (AccountMissing, AccountDisabled, AddressMissing)},
    )
    @inject
    async def start_password_reset(
        self,
        user_id: FromPath[UUID],
        principal: NamedDependency[Principal],
        start: FromDishka[StartPasswordReset],
        clock: FromDishka[Clock],
    ) -> Message:
        """The letter is that for a forgotten password, in the language of the account. Nothing changes for the account
        until the link is used. An account gets at most one such letter in each minute of the clock."""
        await start(UserId(user_id), principal, clock.now())
        return Message(message="A letter is on its way.")
