"""The Litestar application: routes, guard, errors. What every answer needs besides is the edge's."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from dishka import AsyncContainer
from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, ControllerRouterHandler, Receive, Scope, Send

from interfaces.http.account import AccountController
from interfaces.http.account_sessions import AccountSessionsController
from interfaces.http.admin_grants import AdminGrantsController
from interfaces.http.admin_roles import AdminRolesController
from interfaces.http.admin_sessions import AdminSessionsController
from interfaces.http.admin_users import AdminUsersController
from interfaces.http.auth import AuthController
from interfaces.http.config import HttpConfig
from interfaces.http.cookies import Cookies
from interfaces.http.demo import DemoController
from interfaces.http.docs import docs_routes
from interfaces.http.errors import Refusals
from interfaces.http.explain import explain
from interfaces.http.guard import Guard, require_declared_access
from interfaces.http.health import live, metrics, ready
from interfaces.http.home import welcome
from interfaces.http.metadata import authorization_server
from interfaces.http.openapi_routes import openapi_route
from interfaces.http.request import StrictRequest
from interfaces.http.revocations import revocations
from interfaces.http.services import ServicesController
from interfaces.http.sessions import SessionsController
from interfaces.http.well_known import jwks

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
    ready,
    metrics,
)


def create_app(container: AsyncContainer, config: HttpConfig, lifespan: Lifespan = ()) -> Litestar:
    """Raise UndeclaredAccess when a route does not say who may use it."""
    refusals = Refusals(config.dialect)
    cookies = Cookies(config)
    app = Litestar(
        [*ROUTES, *documentation(config, refusals, cookies)],
        middleware=[Guard(container, cookies)],
        dependencies={"browser": Provide(cookies.behind, sync_to_thread=False)},
        exception_handlers=refusals.handlers(),
        request_class=StrictRequest,
        request_max_body_size=None,  # the edge has counted already
        openapi_config=None,
        logging_config=None,
        lifespan=list(lifespan),
    )
    require_declared_access(app)
    app.asgi_handler = with_container(app.asgi_handler, container)
    return app


def documentation(config: HttpConfig, refusals: Refusals, cookies: Cookies) -> list[HTTPRouteHandler]:
    return [openapi_route(refusals, cookies.access), *docs_routes()] if config.docs else []


def with_container(app: ASGIApp, container: AsyncContainer) -> ASGIApp:
    """Where dishka's `@inject` looks for it. Dishka's own set-up opens a scope per request; nothing here needs one."""

    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["dishka_container"] = container
        await app(scope, receive, send)

    return with_state
