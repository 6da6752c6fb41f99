"""The route that explains to admins whether an account may do something."""

from typing import Annotated, Any

import msgspec
from dishka import FromDishka
from litestar import Litestar, Request, post
from litestar.exceptions import HTTPException
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from doorward.application.access.explain_access import ExplainAccess, Explanation
from doorward.domain.access.decision import SIGNED_IN, Requirement, any_of
from doorward.domain.access.role import ADMIN, parse_role_name
from doorward.domain.errors import AccountMissing, EmailUnproven, InvalidRoleName
from doorward.interfaces.http.accounts.user_view import UserView, user_view
from doorward.interfaces.http.errors.refusals import RouteMissing
from doorward.interfaces.http.security.access import ACCESS, PUBLIC, SERVICE
from doorward.interfaces.http.security.injection import inject
from doorward.interfaces.http.wire.text_limits import (
    ID_OR_USERNAME,
    MAX_ROLES,
    MAX_USERNAME_OR_EMAIL_CHARACTERS,
    ROLE_NAME,
)

MAX_PATH_CHARACTERS = 1024
FIXED_EXPLANATIONS = {
    PUBLIC: (True, "Open to everybody."),
    SERVICE: (False, "For registered services, not for accounts."),
}
"""Whether a request is allowed, and the requirement in words, for access that does not depend on the account."""


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Give either `anyRole`, or `method` and `path` of a request to this service."""

    user: Annotated[
        str,
        Meta(
            max_length=MAX_USERNAME_OR_EMAIL_CHARACTERS,
            description="Id or username of the account.",
            extra_json_schema=ID_OR_USERNAME,
            examples=["ada"],
        ),
    ]
    any_role: (
        Annotated[
            list[Annotated[str, Meta(extra_json_schema=ROLE_NAME)]],
            Meta(
                min_length=1,
                max_length=MAX_ROLES,
                description="The roles any one of which is required.",
                examples=[["moderator"]],
            ),
        ]
        | UnsetType
    ) = UNSET
    method: Annotated[str, Meta(max_length=16, examples=["GET"])] | UnsetType = UNSET
    path: Annotated[str, Meta(max_length=MAX_PATH_CHARACTERS, examples=["/api/test/mod"])] | UnsetType = UNSET

    def __post_init__(self) -> None:
        by_route = (self.method is not UNSET, self.path is not UNSET)
        if by_route not in ((True, True), (False, False)) or by_route[0] == (self.any_role is not UNSET):
            raise ValueError("Ask either for anyRole, or for method and path.")


class ExplanationView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    allowed: bool
    reason: Annotated[
        str,
        Meta(
            description="One of `granted`, `signed_in`, `public`, `role_missing`, `account_disabled`, `service`.",
            examples=["granted"],
        ),
    ]
    requirement: Annotated[str, Meta(examples=["Require Moderator Role!"])]
    granted_by: Annotated[
        str | None,
        Meta(description="The role by which the account is allowed; null if no role decided.", examples=["moderator"]),
    ]
    missing: Annotated[list[str], Meta(description="The roles any one of which the account would need.")]
    user: UserView


def explanation_view(explanation: Explanation, access: Requirement | str) -> ExplanationView:
    """Return the explanation for a route or question with that access."""
    decision, user = explanation.decision, user_view(explanation.user, explanation.at)
    if access is PUBLIC or access is SERVICE:
        allowed, requirement = FIXED_EXPLANATIONS[access]
        return ExplanationView(
            allowed=allowed, reason=access, requirement=requirement, granted_by=None, missing=[], user=user
        )
    return ExplanationView(
        allowed=decision.allowed,
        reason=decision.reason,
        requirement=str(decision.requirement),
        granted_by=decision.granted_by,
        missing=sorted(decision.missing),
        user=user,
    )


def access_in_question(question: Question, app: Litestar) -> Requirement | str:
    """Return the access that the question is about, as a route declares it. Raise RouteMissing or InvalidRoleName."""
    if question.any_role is not UNSET:
        return any_of(*map(parse_role_name, question.any_role))
    return access_of_route(app, str(question.method), str(question.path))


def access_of_route(app: Litestar, method: str, path: str) -> Requirement | str:
    """Return what the guard reads: the access in the `opt` of the matching route. Raise RouteMissing."""
    verb = "GET" if method.upper() == "HEAD" else method.upper()
    try:
        _, handler, *_ = app.asgi_router.handle_routing(path=path.partition("?")[0], method=verb)
    except HTTPException as error:
        raise RouteMissing from error
    access: Requirement | str = handler.opt[ACCESS]
    return access


@post(
    "/api/admin/explain",
    status_code=200,
    operation_id="explain",
    summary="Explain whether an account may do something",
    tags=["Administration: accounts"],
    opt={
        "access": any_of(ADMIN),
        "refusals": (AccountMissing, EmailUnproven, RouteMissing, InvalidRoleName),
    },
)
@inject
async def explain(
    request: Request[Any, Any, Any], data: JSONBody[Question], explain_access: FromDishka[ExplainAccess]
) -> ExplanationView:
    """The decision is made by the code that guards every request, for the present state of the account."""
    access = access_in_question(data, request.app)
    explanation = await explain_access(data.user, access if isinstance(access, Requirement) else SIGNED_IN)
    return explanation_view(explanation, access)
