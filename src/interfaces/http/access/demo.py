"""The example resources of the tutorial, each for certain roles. Replace them with your own."""

from litestar import Controller, get
from litestar.response.base import ASGIResponse

from doorward.domain.access.decision import SIGNED_IN, any_of
from doorward.domain.access.role import ADMIN, MODERATOR
from doorward.interfaces.http.docs.answers import text_response
from doorward.interfaces.http.security.access import PUBLIC


def plain_text(text: str) -> ASGIResponse:
    """Return an answer that is this text."""
    return ASGIResponse(body=text, media_type="text/plain")


PUBLIC_CONTENT = plain_text("Public Content.")
USER_CONTENT = plain_text("User Content.")
MODERATOR_CONTENT = plain_text("Moderator Content.")
ADMIN_CONTENT = plain_text("Admin Content.")
STAFF_CONTENT = plain_text("Staff Content.")


class DemoController(Controller):
    path = "/api/test"
    tags = ("Guarded resources",)

    @get(
        "/all",
        operation_id="publicContent",
        summary="Content for everybody",
        opt={"access": PUBLIC},
        responses=text_response(example=PUBLIC_CONTENT),
    )
    async def public_content(self) -> ASGIResponse:
        return PUBLIC_CONTENT

    @get(
        "/user",
        operation_id="userContent",
        summary="Content for every account that is signed in",
        opt={"access": SIGNED_IN},
        responses=text_response(example=USER_CONTENT),
    )
    async def user_content(self) -> ASGIResponse:
        return USER_CONTENT

    @get(
        "/mod",
        operation_id="moderatorContent",
        summary="Content for moderators",
        opt={"access": any_of(MODERATOR)},
        responses=text_response(example=MODERATOR_CONTENT),
    )
    async def moderator_content(self) -> ASGIResponse:
        return MODERATOR_CONTENT

    @get(
        "/admin",
        operation_id="adminContent",
        summary="Content for admins",
        opt={"access": any_of(ADMIN)},
        responses=text_response(example=ADMIN_CONTENT),
    )
    async def admin_content(self) -> ASGIResponse:
        return ADMIN_CONTENT

    @get(
        "/staff",
        operation_id="staffContent",
        summary="Content for moderators and admins",
        opt={"access": any_of(MODERATOR, ADMIN)},
        responses=text_response(example=STAFF_CONTENT),
    )
    async def staff_content(self) -> ASGIResponse:
        return STAFF_CONTENT
