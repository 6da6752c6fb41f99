"""How commands show accounts."""

from doorward.domain.accounts.user import User
from doorward.infrastructure.clock import SystemClock
from doorward.interfaces.cli.output import rfc3339


def as_object(user: User) -> dict[str, object]:
    """Return an account with the members that lists of the API have, as it is now."""
    suspension = user.suspension_at(SystemClock().now())
    adopted = {"alias": user.alias.value if user.alias else None, "externalId": user.external_id}
    return {
        "id": str(user.id),
        "username": user.username.value,
        "email": user.address,
        "roles": sorted(user.roles),
        "emailVerified": user.email_verified,
        "disabled": suspension is not None,
        "reason": suspension.reason or None if suspension else None,
        "until": rfc3339(suspension.until) if suspension and suspension.until else None,
        "createdAt": rfc3339(user.created_at),
        "locale": user.locale,
        **{name: value for name, value in adopted.items() if value is not None},
        "deletedAt": rfc3339(user.deleted_at) if user.deleted_at else None,
    }


def roles_text(user: User) -> str:
    """Return the roles of an account in words, such as `the roles admin, user`."""
    return f"the role{'s' if len(user.roles) > 1 else ''} {', '.join(sorted(user.roles))}"


def state_of(user: User) -> str:
    """Return the word for whether an account can sign in."""
    if user.deleted_at:
        return "deleted"
    return "enabled" if user.is_enabled_at(SystemClock().now()) else "disabled"
