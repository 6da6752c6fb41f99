"""Refusals about access tokens and roles."""

from doorward.domain.errors.families import Conflict, Forbidden, Invalid, Missing, Unauthenticated


class InvalidToken(Unauthenticated):
    """The access token is expired, revoked, malformed or foreign (RFC 6750, section 3.1). The text is the same for
    all."""

    code = "invalid_token"
    text = "Unauthorized!"


class RoleRequired(Forbidden):
    """The account lacks the role (RFC 6750, section 3.1, `insufficient_scope`). The text names the roles."""

    code = "insufficient_scope"


class InvalidRoleName(Invalid):
    code = "invalid_role_name"
    field = "role"
    text = "Role names are 1 to 64 of a to z, 0 to 9, dots, dashes and underscores, and begin with a letter."


class InvalidDescription(Invalid):
    code = "invalid_description"
    field = "description"
    text = "A description is one line of at most 200 visible characters."


class RoleUnknown(Invalid):
    """The body names a role that does not exist."""

    code = "role_unknown"
    field = "roles"

    def __init__(self, name: str) -> None:
        super().__init__(f"Role {name} does not exist!")


class RoleMissing(Missing):
    """The path names a role that does not exist."""

    code = "role_not_found"
    text = "There is no such role."


class RoleBuiltIn(Conflict):
    code = "role_built_in"
    text = "The roles user, moderator and admin are built in and stay."


class LastAdmin(Conflict):
    code = "last_admin"
    text = "This is the last enabled admin; make another account admin first."
