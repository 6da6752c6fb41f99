"""The Litestar application: routes, guard, errors. What every answer needs besides is the edge's."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from dishka import AsyncContainer
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.types import ControllerRouterHandler

from interfaces.http.account import AccountController
from interfaces.http.account_sessions import AccountSessionsController
from interfaces.http.admin_grants import AdminGrantsController
from interfaces.http.admin_roles import AdminRolesController
from interfaces.http.admin_sessions import AdminSessionsController
from interfaces.http.admin_users import AdminUsersController
from interfaces.http.auth import AuthController
from interfaces.http.config import HttpConfig
from interfaces.http.cookies import COOKIES, Cookies
from interfaces.http.demo import DemoController
from interfaces.http.docs import docs_routes
from interfaces.http.errors import Refusals
from interfaces.http.explain import explain
from interfaces.http.guard import Guard, require_guarded
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
    return [openapi_route(refusals, cookies.access), *docs_routes()] if config.docs else []
