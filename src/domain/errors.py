"""Every refusal that Doorward can utter, in families by what the caller should do next.

A leaf names the case and has a `code`, which is part of the wire contract and never changes. Families are
what `interfaces/http/errors.py` maps to statuses, so a new leaf needs no line there.
"""

from collections.abc import Mapping
from typing import ClassVar


class DomainError(Exception):
    """A refusal: `code` for machines, `str(self)` for people."""

    code: ClassVar[str] = "refused"
    text: ClassVar[str] = "The request was refused."

    def __init__(self, text: str | None = None) -> None:
        super().__init__(text if text is not None else self.text)


# --- families ---------------------------------------------------------------------------------------


class Invalid(DomainError):
    """The input itself is wrong: correct it. `field` names the member at fault, if one is."""

    code = "invalid"
    field: ClassVar[str | None] = None


class Unauthenticated(DomainError):
    """Who is asking is not established: sign in."""


class Forbidden(DomainError):
    """Who is asking is known, and may not."""


class Missing(DomainError):
    """The thing is not there."""


class Conflict(DomainError):
    """The request is fine; the present state is not."""


class Throttled(DomainError):
    """Too many attempts: come back after `retry_after` seconds."""

    retry_after: ClassVar[int] = 1


class Unavailable(DomainError):
    """Nothing is wrong with the request; try again after `retry_after` seconds."""

    retry_after: ClassVar[int] = 1


# --- accounts ---------------------------------------------------------------------------------------


class InvalidUsername(Invalid):
    code = "invalid_username"
    field = "username"
    text = "Use 3 to 32 letters (a to z), digits, dots, dashes or underscores; begin with no dot or dash."


class UsernameReserved(Invalid):
    code = "username_reserved"
    field = "username"
    text = "This username is reserved."


class InvalidEmail(Invalid):
    code = "invalid_email"
    field = "email"
    text = "This is not an email address that we can use."


class PasswordRefused(Invalid):
    """The new password breaks the policy; the text names the rule."""

    code = "password_refused"
    field = "password"


class PasswordTooShort(PasswordRefused):
    code = "password_too_short"


class PasswordTooLong(PasswordRefused):
    code = "password_too_long"


class PasswordBlocked(PasswordRefused):
    code = "password_blocked"


class UsernameTaken(Conflict):
    code = "username_taken"
    text = "Username is already in use!"


class EmailTaken(Conflict):
    code = "email_taken"
    text = "Email is already in use!"


class ImportRefused(Invalid):
    """Something is wrong with what was to be imported; nothing of it was. The text says how much, not what."""

    code = "import_refused"

    def __init__(self, wrong: Mapping[int, str], more: int, *, in_use: bool) -> None:
        """`wrong` has the first wrong lines, by their numbers, and what is wrong; `more` is how many there are besides.
        `in_use` says that one or more of all of them are accounts that are there already."""
        number = len(wrong) + more
        super().__init__(f"Nothing was imported: {number} line{'s' if number > 1 else ''} cannot be.")
        self.wrong = wrong
        self.more = more
        self.in_use = in_use


class ImportStopped(Conflict):
    """A part of what was to be imported is in the database; the text names it."""

    code = "import_stopped"


class PasswordWrong(Forbidden):
    """Who is signed in did not prove it with the present password. No 401: the session is as good as it was."""

    code = "password_wrong"
    text = "This is not your present password."


class AccountMissing(Missing):
    code = "account_not_found"
    text = "There is no such account."


class InvalidCredentials(Unauthenticated):
    """Sign-in failed. Why it failed is for the security log, never for the client."""

    code = "invalid_credentials"
    text = "Invalid username or password!"


class UnknownAccount(InvalidCredentials):
    """Nobody has that name; only the tutorial's dialect says so."""


class WrongPassword(InvalidCredentials):
    """The account is there, the password is not its own (or the account is disabled)."""


# --- access -----------------------------------------------------------------------------------------


class TokenRequired(Unauthenticated):
    code = "token_required"
    text = "No token provided!"


class InvalidToken(Unauthenticated):
    """RFC 6750, section 3.1: expired, revoked, malformed, or not ours. Always the same words."""

    code = "invalid_token"
    text = "Unauthorized!"


class InvalidRefreshToken(Unauthenticated):
    """Unknown, expired, ended, or not ours at all; the security log tells which."""

    code = "invalid_refresh_token"
    text = "Sign in again."


class RefreshTokenReused(InvalidRefreshToken):
    """RFC 9700, section 4.14.2: a spent token came back too late, so two hold it. The session has ended."""

    code = "refresh_token_reused"
    text = "This refresh token was used before; the session has ended. Sign in again."


class CrossSiteRequest(Forbidden):
    """A request that changes something came with a cookie and not from a page of ours."""

    code = "cross_site_request"
    text = "With cookies, requests that change something need an Origin of DOORWARD_CORS_ORIGINS, or the service's own."


class RoleRequired(Forbidden):
    """RFC 6750, section 3.1, `insufficient_scope`: the account lacks the role."""

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
    """A body names a role that does not exist."""

    code = "role_unknown"
    field = "roles"

    def __init__(self, name: str) -> None:
        super().__init__(f"Role {name} does not exist!")


class RoleMissing(Missing):
    """A path names a role that does not exist."""

    code = "role_not_found"
    text = "There is no such role."


class RoleBuiltIn(Conflict):
    code = "role_built_in"
    text = "The roles user, moderator and admin are built in and stay."


class LastAdmin(Conflict):
    code = "last_admin"
    text = "This is the last enabled admin; make another account admin first."


# --- sessions ---------------------------------------------------------------------------------------


class SessionMissing(Missing):
    code = "session_not_found"
    text = "There is no such session."


class RevocationsIncomplete(Unavailable):
    """A short list would be believed, so there is none."""

    code = "revocations_incomplete"
    text = "This node may not know of every revocation just now; try again in a moment."


# --- services ---------------------------------------------------------------------------------------


class InvalidServiceName(Invalid):
    code = "invalid_service_name"
    field = "name"
    text = "Service names are 1 to 64 of a to z, 0 to 9, dots, dashes and underscores, and begin with a letter."


class ServiceExists(Conflict):
    code = "service_exists"
    text = "There is a service of this name already."


class ServiceMissing(Missing):
    code = "service_not_found"
    text = "There is no such service."


class InvalidClient(Unauthenticated):
    """RFC 6749, section 5.2: no client authentication, or a wrong one."""

    code = "invalid_client"
    text = "Authenticate with the id and secret of a registered service, by HTTP Basic."


# --- keys -------------------------------------------------------------------------------------------


class InvalidKey(Invalid):
    code = "invalid_key"
    field = "key"


class KeyExists(Conflict):
    code = "key_exists"
    text = "This key is already here."


class KeyMissing(Missing):
    code = "key_not_found"
    text = "There is no such key."


# --- the machinery ----------------------------------------------------------------------------------


class StorageUnavailable(Unavailable):
    code = "storage_unavailable"
    text = "The database does not answer; try again in a moment."


class TransactionConflict(Unavailable):
    """The database undid the whole transaction (deadlock, lost connection, lost race): run it again."""

    code = "transaction_conflict"
    text = "Too many changes at once; try again in a moment."


class HashingBusy(Unavailable):
    code = "hashing_busy"
    text = "Too many sign-ins at once; try again in a moment."
