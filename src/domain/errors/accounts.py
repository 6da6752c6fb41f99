"""Refusals about accounts, passwords and sign-in."""

from collections.abc import Mapping, Sequence

from doorward.domain.errors.families import Conflict, Forbidden, Invalid, Missing, Throttled, Unauthenticated


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
    text = "Write an email address, such as ada@example.org."


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


class AdoptionRefused(Conflict):
    """No account was adopted; the text says why."""

    code = "adoption_refused"


class ImportStopped(Conflict):
    """A part of the import is in the database; the text says which."""

    code = "import_stopped"


class InvalidLocale(Invalid):
    code = "invalid_locale"
    field = "locale"
    text = "Name a language in which letters are written, such as en, de, fr, es or pt."


class InvalidProfile(Invalid):
    """The profile is too large, or breaks the operator's schema. The text names the member by its JSON pointer
    (RFC 6901) within the profile, if there is one."""

    code = "invalid_profile"
    field = "profile"


class SignUpByInvitation(Forbidden):
    code = "sign_up_by_invitation"
    text = "New accounts are by invitation. Ask an administrator for one."


class SignUpClosed(Forbidden):
    code = "sign_up_closed"
    text = "Sign-up is closed. Ask an administrator to create an account."


class InvitationMissing(Missing):
    code = "invitation_not_found"
    text = "There is no such invitation."


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


class InvalidReason(Invalid):
    code = "invalid_reason"
    field = "reason"
    text = "A reason is one line of at most 200 visible characters."


class InvalidUntil(Invalid):
    code = "invalid_until"
    field = "until"
    text = "Write a time in the future with its offset, such as 2030-01-31T12:00:00Z, or leave it out."


class ListingRefused(Invalid):
    """No index serves this combination of filters and order, so that a list would read every account."""

    code = "listing_refused"

    def __init__(self, asked: Sequence[str], offered: Mapping[str, Sequence[str]]) -> None:
        """`offered` maps the name of each filter, or an empty one, to its orders."""
        filters = [f"{name} with sort={' or '.join(sorts)}" for name, sorts in offered.items() if name]
        alone = " or ".join(sort for name, sorts in offered.items() if not name for sort in sorts)
        super().__init__(
            f"Accounts cannot be listed by {' and '.join(asked)}. Ask for one of these: {', '.join(filters)}; or no "
            f"filter with sort={alone}."
        )


class InvalidAfter(Invalid):
    code = "invalid_after"
    field = "after"
    text = "Send the `after` of the page before as it was, with the same filter and the same order."


class InvalidCredentials(Unauthenticated):
    """The sign-in failed. Only the security log contains the reason; the client does not learn it."""

    code = "invalid_credentials"
    text = "Invalid username or password!"


class UnknownAccount(InvalidCredentials):
    """No account has that name. Only the tutorial dialect tells the client."""


class WrongPassword(InvalidCredentials):
    """The account exists and the password is wrong, or the account is disabled."""


class EmailNotVerified(Forbidden):
    """The password is right, and the service requires a verified address, which the account does not have."""

    code = "email_not_verified"
    text = "Verify your email address first: open the link in the letter that was sent to it, or ask for a new letter."


class AccountDisabled(Conflict):
    """Only administrators are told so."""

    code = "account_disabled"
    text = "The account is disabled; enable it first."


class AddressMissing(Conflict):
    code = "address_missing"
    text = "The account has no email address."


class EmailAlreadyVerified(Conflict):
    code = "email_already_verified"
    text = "This email address is verified already."


class InvalidCode(Unauthenticated):
    """The code of a letter is wrong, was used, replaced by a newer one or tried too often, or has expired, or no
    enabled account has the address. The text is the same for all."""

    code = "invalid_code"
    text = "This code is not valid. Ask for a new one if it does not work."


class TooManyAttempts(Throttled):
    """Too many passwords or codes were tried for one login name. What was sent with this attempt was not looked at."""

    code = "too_many_attempts"
    text = "Too many attempts. Wait before you try again."

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after
