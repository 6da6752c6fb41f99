"""Example resources, each for certain roles, as the tutorial has them. Replace them with your own."""

from litestar import Controller, get
from litestar.response.base import ASGIResponse

from doorward.domain.access.decision import SIGNED_IN, any_of
from doorward.domain.access.role import ADMIN, MODERATOR
from doorward.interfaces.http.docs.answers import text_response
from doorward.interfaces.http.prepared import text_answer
from doorward.interfaces.http.security.guard import PUBLIC

EVERYBODYS = text_answer("Public Content.")
USERS = text_answer("User Content.")
MODERATORS = text_answer("Moderator Content.")
ADMINS = text_answer("Admin Content.")
STAFFS = text_answer("Staff Content.")


class DemoController(Controller):
    path = "/api/test"
    tags = ("Guarded resources",)

    @get(
        "/all",
        operation_id="publicContent",
        summary="Content for everybody",
        opt={"access": PUBLIC},
        responses=text_response(example=EVERYBODYS),
    )
    async def everybodys(self) -> ASGIResponse:
        return EVERYBODYS

    @get(
        "/user",
        operation_id="userContent",
        summary="Content for every account that is signed in",
        opt={"access": SIGNED_IN},
        responses=text_response(example=USERS),
    )
    async def users(self) -> ASGIResponse:
        return USERS

    @get(
        "/mod",
        operation_id="moderatorContent",
        summary="Content for moderators",
        opt={"access": any_of(MODERATOR)},
        responses=text_response(example=MODERATORS),
    )
    async def moderators(self) -> ASGIResponse:
        return MODERATORS

    @get(
        "/admin",
        operation_id="adminContent",
        summary="Content for admins",
        opt={"access": any_of(ADMIN)},
        responses=text_response(example=ADMINS),
    )
    async def admins(self) -> ASGIResponse:
        return ADMINS

    @get(
        "/staff",
        operation_id="staffContent",
        summary="Content for moderators and admins",
        opt={"access": any_of(MODERATOR, ADMIN)},
        responses=text_response(example=STAFFS),
    )
    async def staffs(self) -> ASGIResponse:
        return STAFFS
