"""Makes the Litestar application from routes, guard and error answers. The edge has the rules for all requests."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from dishka import AsyncContainer
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.types import ControllerRouterHandler

from doorward.interfaces.http.access.admin_grants import AdminGrantsController
from doorward.interfaces.http.access.admin_roles import AdminRolesController
from doorward.interfaces.http.access.demo import DemoController
from doorward.interfaces.http.access.explain import explain
from doorward.interfaces.http.accounts.admin_recovery import AdminRecoveryController
from doorward.interfaces.http.accounts.admin_users import AdminUsersController
from doorward.interfaces.http.accounts.email_change import confirm_email_change, request_email_change, undo_change
from doorward.interfaces.http.accounts.email_verification import (
    request_verification,
    resend_verification,
    verify_email,
)
from doorward.interfaces.http.accounts.invitations import AdminInvitationsController, accept_invitation
from doorward.interfaces.http.accounts.link_pages import (
    change_page,
    invitation_page,
    link_page_script,
    reset_page,
    undo_page,
    verify_page,
)
from doorward.interfaces.http.accounts.own_account import AccountController
from doorward.interfaces.http.accounts.own_data import export_own_data
from doorward.interfaces.http.accounts.password_reset import forgot_password, reset_password
from doorward.interfaces.http.accounts.sign_in import sign_in
from doorward.interfaces.http.accounts.sign_in_code import request_code, sign_in_by_code
from doorward.interfaces.http.accounts.sign_up import sign_up
from doorward.interfaces.http.audit.admin_audit import list_audit_entries
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.docs.openapi_routes import openapi_route
from doorward.interfaces.http.docs.page import docs_routes
from doorward.interfaces.http.errors.answers import ErrorAnswers
from doorward.interfaces.http.errors.dialects import DIALECTS
from doorward.interfaces.http.keys.jwks import jwks
from doorward.interfaces.http.keys.server_metadata import authorization_server
from doorward.interfaces.http.operations.health import healthz, live, ready, readyz
from doorward.interfaces.http.operations.metrics import metrics
from doorward.interfaces.http.operations.welcome import welcome
from doorward.interfaces.http.security.access import require_guarded
from doorward.interfaces.http.security.cookies import COOKIES, Cookies
from doorward.interfaces.http.security.guard import Guard, current_principal
from doorward.interfaces.http.security.presented_token import presented_in_tutorial, presented_token
from doorward.interfaces.http.security.visitor import current_visitor
from doorward.interfaces.http.services.introspection import introspect
from doorward.interfaces.http.services.revocation import revoke
from doorward.interfaces.http.sessions.admin_sessions import AdminSessionsController
from doorward.interfaces.http.sessions.continuation import continue_session
from doorward.interfaces.http.sessions.own_sessions import AccountSessionsController
from doorward.interfaces.http.sessions.refresh import refresh
from doorward.interfaces.http.sessions.revocation_list import revocations
from doorward.interfaces.http.sessions.sign_out import SignOutController
from doorward.interfaces.http.wire.json_request import request_class
from doorward.interfaces.http.wire.languages import client_language

Lifespan = Sequence[Callable[[Litestar], AbstractAsyncContextManager[None]]]

ROUTES: Sequence[ControllerRouterHandler] = (
    welcome,
    sign_up,
    sign_in,
    refresh,
    SignOutController,
    forgot_password,
    reset_password,
    reset_page,
    link_page_script,
    request_verification,
    verify_email,
    resend_verification,
    verify_page,
    request_email_change,
    confirm_email_change,
    change_page,
    undo_change,
    undo_page,
    accept_invitation,
    invitation_page,
    AccountController,
    AccountSessionsController,
    DemoController,
    AdminUsersController,
    AdminInvitationsController,
    AdminRecoveryController,
    AdminGrantsController,
    AdminSessionsController,
    AdminRolesController,
    explain,
    list_audit_entries,
    export_own_data,
    introspect,
    revoke,
    authorization_server,
    jwks,
    revocations,
    live,
    healthz,
    ready,
    readyz,
    metrics,
)


def create_app(container: AsyncContainer, config: HttpConfig, lifespan: Lifespan = ()) -> Litestar:
    """Return the application, to be wrapped in EdgeMiddleware, which answers the refusals that it raises. Raise
    UndeclaredAccess when a route does not declare who may use it."""
    dialect = DIALECTS[config.dialect]
    error_answers = ErrorAnswers(dialect)
    cookies = Cookies(config)
    guard = Guard(container, cookies, presented_in_tutorial if dialect.bare_tokens else presented_token)
    routes = [*ROUTES, *optional_routes(config)]
    app = Litestar(
        [*routes, *documentation(routes, config, error_answers, cookies)],
        before_request=guard,
        state=State({COOKIES: cookies}),
        dependencies={
            "browser": Provide(cookies.browser_of, sync_to_thread=False),
            "principal": Provide(current_principal, sync_to_thread=False),
            "visitor": Provide(current_visitor, sync_to_thread=False),
            "language": Provide(client_language, sync_to_thread=False),
            "is_draining": Provide(config.is_draining, sync_to_thread=False),
        },
        exception_handlers=error_answers.exception_handlers(),
        request_class=request_class(dialect.lenient_paths),
        request_max_body_size=None,  # the edge has checked the size already
        openapi_config=None,
        logging_config=None,
        lifespan=list(lifespan),
    )
    require_guarded(app, guard)
    app.asgi_handler = app.asgi_router  # without the layer that catches exceptions, because the edge catches them
    return app


def optional_routes(config: HttpConfig) -> Sequence[ControllerRouterHandler]:
    """Return the routes that the settings turn on."""
    continuation = (continue_session,) if DIALECTS[config.dialect].kept_refresh_tokens else ()
    codes = (request_code, sign_in_by_code) if config.email_codes else ()
    return [*continuation, *codes]


def documentation(
    routes: Sequence[ControllerRouterHandler], config: HttpConfig, error_answers: ErrorAnswers, cookies: Cookies
) -> list[HTTPRouteHandler]:
    """Return the routes of the documentation, or none if the settings turn it off."""
    if not config.docs:
        return []
    path = config.public_path
    return [openapi_route(routes, error_answers, cookies.access, path), *docs_routes(path)]
