"""Gives handlers what they need from the container.

dishka's own integration with Litestar makes an object for the state of each request, and takes the lock of the
container for each dependency. Both together are a tenth of an introspection.
"""

from collections.abc import Callable
from inspect import Parameter
from typing import Any, Final, ParamSpec, TypeVar, cast, final

from dishka import AsyncContainer
from dishka.integrations.base import wrap_injection
from litestar import Request

P = ParamSpec("P")
T = TypeVar("T")

DEPENDENCIES: Final = "dependencies"
"""The key in a request's state of the dependencies, which the guard sets."""


@final
class Dependencies:
    """What the container has made for handlers. All of it lives as long as the application, so it is asked for once."""

    def __init__(self, container: AsyncContainer) -> None:
        self._container = container
        self._made: dict[Any, Any] = {}

    async def get(self, wanted: Any, component: str = "") -> Any:
        """Return the dependency."""
        try:
            return self._made[wanted]
        except KeyError:
            made = self._made[wanted] = await self._container.get(wanted, component)
            return made


def inject(handler: Callable[P, T]) -> Callable[P, T]:
    """Return the handler without its parameters `FromDishka[...]`, which it gets from the container."""
    hints = handler.__annotations__
    request = [] if "request" in hints else [Parameter("request", Parameter.KEYWORD_ONLY, annotation=Request)]
    return wrap_injection(
        func=handler,
        container_getter=lambda _, kwargs: cast("AsyncContainer", kwargs["request"].scope["state"][DEPENDENCIES]),
        is_async=True,
        additional_params=request,
    )
