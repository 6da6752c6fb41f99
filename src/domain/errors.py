"""The refusals of the domain and the application, in families by what the caller should do next.

A leaf names one case. Its `code` is part of the wire contract and never changes. `interfaces/http/errors/` maps the
families to statuses, so a new leaf needs no line there. Refusals that only HTTP knows are defined there.
"""

from collections.abc import Mapping
from typing import ClassVar


class DomainError(Exception):
    """A refusal: `code` is for machines, `str(self)` for people."""

    code: ClassVar[str] = "refused"
    text: ClassVar[str] = "The request was refused."

    def __init__(self, text: str | None = None) -> None:
        super().__init__(text if text is not None else self.text)


# --- families ---------------------------------------------------------------------------------------


class Invalid(DomainError):
    """The input is wrong and must be corrected. `field` names the member at fault, if there is one."""

    code = "invalid"
    field: ClassVar[str | None] = None


class Unauthenticated(DomainError):
    """The caller is not authenticated and must sign in."""


class Forbidden(DomainError):
    """The caller is authenticated, but may not do this."""


class Missing(DomainError):
    """The requested thing does not exist."""


class Conflict(DomainError):
    """The request conflicts with the present state."""


class Throttled(DomainError):
    """The caller made too many attempts and may try again after `retry_after` seconds."""

    retry_after: int = 1


class Unavailable(DomainError):
    """The service cannot answer now; the same request may succeed after `retry_after` seconds.

    Whoever raises it gives the `cause`. It is a few words for the log, which counts lines by them: no value may be in
    it. Clients do not see it. `trace` has the lines of code that an error passed which nobody foresaw.
    """

    retry_after: ClassVar[int] = 1

    def __init__(self, text: str | None = None, *, cause: str = "unknown", trace: str = "") -> None:
        super().__init__(text)
        self.cause = cause
        self.trace = trace


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
    """The new password violates the policy; the text names the rule."""

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
    """The import contains errors, so nothing was imported. The text gives the number of wrong lines."""

    code = "import_refused"

    def __init__(self, wrong: Mapping[int, str], more: int, *, in_use: bool) -> None:
        """`wrong` maps the numbers of the first wrong lines to what is wrong with them, and `more` is the number of
        further ones. `in_use` states that at least one wrong line names an existing account."""
        number = len(wrong) + more
        super().__init__(f"Nothing was imported: {number} line{'s' if number > 1 else ''} cannot be.")
        self.wrong = wrong
        self.more = more
        self.in_use = in_use


class ImportStopped(Conflict):
    """A part of the import is in the database; the text says which."""

    code = "import_stopped"


class PasswordWrong(Forbidden):
    """The present password that confirms an action is wrong. It is no 401, because the session is still valid."""

    code = "password_wrong"
    text = "This is not your present password."


class AccountMissing(Missing):
    code = "account_not_found"
    text = "There is no such account."


class EmailUnproven(Invalid):
    """An account is named by an email address, which does not prove whose account it is."""

    code = "email_unproven"
    field = "user"
    text = "Name the account by its username or its id. Anybody can sign up with the email address of somebody else."


class InvalidCredentials(Unauthenticated):
    """The sign-in failed. Only the security log contains the reason; the client does not learn it."""

    code = "invalid_credentials"
    text = "Invalid username or password!"


class UnknownAccount(InvalidCredentials):
    """No account has that name. Only the tutorial dialect tells the client."""


class WrongPassword(InvalidCredentials):
    """The account exists and the password is wrong, or the account is disabled."""


# --- access -----------------------------------------------------------------------------------------


class InvalidToken(Unauthenticated):
    """The access token is expired, revoked, malformed or foreign (RFC 6750, section 3.1). The text is the same for
    all."""

    code = "invalid_token"
    text = "Unauthorized!"


class RoleRequired(Forbidden):
    """The account lacks the role (RFC 6750, section 3.1, `insufficient_scope`). The text names the roles."""

    code = "insufficient_scope"


class InvalidRefreshToken(Unauthenticated):
    """The refresh token is unknown, expired, ended or foreign; only the security log contains the reason."""

    code = "invalid_refresh_token"
    text = "Sign in again."


class RefreshTokenReused(InvalidRefreshToken):
    """A rotated refresh token was used after the grace time, so two clients have it (RFC 9700, section 4.14.2). The
    session has ended."""

    code = "refresh_token_reused"
    text = "This refresh token was used before; the session has ended. Sign in again."


class KeptTokenReused(RefreshTokenReused):
    """A rotated refresh token was used where tokens do not rotate. The session has ended."""


class RefreshTokenMissing(InvalidRefreshToken):
    """There is no refresh token in the request. This refusal, the one before and the next two are those of the tutorial
    dialect."""


class RefreshTokenUnknown(InvalidRefreshToken):
    """No session has the refresh token, or the session rotates its tokens, or its account is disabled."""


class RefreshTokenExpired(InvalidRefreshToken):
    """The session of the refresh token has expired."""


class RefreshRepeatedTooOften(Throttled):
    """One rotated refresh token came again too often within the grace time. The session continues."""

    code = "refresh_repeated_too_often"
    text = "This refresh token was answered too often. Use the token of the latest answer."


class TooManyAttempts(Throttled):
    """Too many passwords were tried for one login name. The password of this attempt was not looked at."""

    code = "too_many_attempts"
    text = "Too many attempts. Wait before you try again."

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


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


# --- sessions ---------------------------------------------------------------------------------------


class SessionMissing(Missing):
    code = "session_not_found"
    text = "There is no such session."


class RevocationsIncomplete(Unavailable):
    """This node may not know of every revocation. Services would trust an incomplete list, so it gives none."""

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
    """The client authentication is missing or wrong (RFC 6749, section 5.2)."""

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


# --- letters ----------------------------------------------------------------------------------------


class InvalidLink(Invalid):
    """The token of a link is unknown, used, replaced by a newer one or expired, or its account is disabled or has
    another address by now. The text is the same for all."""

    code = "invalid_link"
    field = "token"
    text = "This link is not valid any more. Ask for a new one."


class LetterMissing(Missing):
    code = "letter_not_found"
    text = "There is no such letter."


class LetterWasSent(Conflict):
    code = "letter_was_sent"
    text = "This letter was sent already."


class LetterUndelivered(DomainError):
    """A letter could not be handed over. The text says why, without the address and without what the server wrote.

    `final` states that another attempt would fail in the same way.
    """

    code = "letter_undelivered"

    def __init__(self, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.final = final


# --- storage and hashing ----------------------------------------------------------------------------


class StorageUnavailable(Unavailable):
    code = "storage_unavailable"
    text = "The database does not answer; try again in a moment."


class StorageBusy(StorageUnavailable):
    """All connections are in use. This says nothing about the database."""


class TransactionConflict(Unavailable):
    """The database rolled the whole transaction back (deadlock, lost connection, concurrent change). It may be
    repeated."""

    code = "transaction_conflict"
    text = "Too many changes at once; try again in a moment."


class HashingBusy(Unavailable):
    code = "hashing_busy"
    text = "Too many sign-ins at once; try again in a moment."
