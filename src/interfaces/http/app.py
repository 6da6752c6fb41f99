"""The Litestar application: routes, guard and error handlers."""

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
from doorward.interfaces.http.accounts.account import AccountController
from doorward.interfaces.http.accounts.admin_users import AdminUsersController
from doorward.interfaces.http.accounts.auth import AuthController
from doorward.interfaces.http.config import HttpConfig
from doorward.interfaces.http.docs.openapi_routes import openapi_route
from doorward.interfaces.http.docs.page import docs_routes
from doorward.interfaces.http.errors.errors import Refusals
from doorward.interfaces.http.keys.jwks import jwks
from doorward.interfaces.http.keys.metadata import authorization_server
from doorward.interfaces.http.operations.health import healthz, live, metrics, ready, readyz
from doorward.interfaces.http.operations.home import welcome
from doorward.interfaces.http.request import StrictRequest
from doorward.interfaces.http.security.cookies import COOKIES, Cookies
from doorward.interfaces.http.security.guard import Guard, require_guarded
from doorward.interfaces.http.services.services import ServicesController
from doorward.interfaces.http.sessions.account_sessions import AccountSessionsController
from doorward.interfaces.http.sessions.admin_sessions import AdminSessionsController
from doorward.interfaces.http.sessions.revocations import revocations
from doorward.interfaces.http.sessions.sessions import SessionsController

Lifespan = Sequence[Callable[[Litestar], AbstractAsyncContextManager[None]]]

ROUTES: Sequence[ControllerRouterHandler] = (
    welcome,
    AuthController,
    SessionsController,
    AccountController,
    AccountSessionsController,
    DemoController,
    AdminUsersController,
    AdminGrantsController,
    AdminSessionsController,
    AdminRolesController,
    explain,
    ServicesController,
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
    """Return the application. Raise UndeclaredAccess when a route does not declare who may use it."""
    refusals = Refusals(config.dialect)
    cookies = Cookies(config)
    guard = Guard(container, cookies)
    app = Litestar(
        [*ROUTES, *documentation(config, refusals, cookies)],
        before_request=guard,
        state=State({COOKIES: cookies}),
        dependencies={"browser": Provide(cookies.behind, sync_to_thread=False)},
        exception_handlers=refusals.handlers(),
        request_class=StrictRequest,
        request_max_body_size=None,  # the edge has counted already
        openapi_config=None,
        logging_config=None,
        lifespan=list(lifespan),
    )
    require_guarded(app, guard)
    app.asgi_handler = refusals.around(app.asgi_router)
    return app


def documentation(config: HttpConfig, refusals: Refusals, cookies: Cookies) -> list[HTTPRouteHandler]:
    return [openapi_route(ROUTES, refusals, cookies.access), *docs_routes()] if config.docs else []
