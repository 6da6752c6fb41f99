"""What the forms for the frameworks share."""

from collections.abc import Mapping
from typing import Any, Final

from doorward.guard.bearer import authorization_in
from doorward.guard.guard import Guard
from doorward.tokens.claims import Claims

CLAIMS: Final = "claims"
"""The key of the claims in the state of a request."""


async def admitted(guard: Guard, scope: Mapping[str, Any], roles: tuple[str, ...]) -> Claims:
    """Return the claims of the token in the headers of an ASGI scope. Raise a Refusal."""
    return await guard.authorize_async(authorization_in(scope["headers"]), *roles)


def checked_roles(guard: object, roles: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the roles. Raise TypeError or ValueError when they, or the guard, are not what they should be: a mistake
    here must not open a route."""
    if not isinstance(guard, Guard):
        raise TypeError(f"The guard is {guard!r}; write the Guard first and the roles behind it.")
    if not roles:
        raise ValueError("No role is required; name one, or write require_token instead.")
    if not all(isinstance(role, str) for role in roles):
        raise TypeError(f"The roles are {roles!r}; write each as a text of its own.")
    return roles
