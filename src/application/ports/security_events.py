"""The events of the security log, each with its level."""

from enum import Enum, StrEnum
from typing import Literal, Self, final


@final
class Level(Enum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


MAX_LINES_PER_SECOND = 20
"""Lines of an event that can come in large numbers, for one reason and one account."""


@final
class SecurityEvent(StrEnum):
    """The name of an event and its level. Where the OWASP Logging Vocabulary has a name for it, that name is used.

    The levels are info for a success, warning for a refused request or a short interruption, error for a failure that
    an operator should look into, and critical for a stolen token. `docs/events.md` describes each event.
    """

    level: Level
    max_lines_per_second: int | None
    """Lines per second for one reason and one account; None for an event that is always written.

    Failures and those successes have a limit that a client can repeat at no cost. A change is always written: it costs
    a password hash or comes from an admin, and a limit would let one change hide behind others. So is a stolen token,
    whose session ends with the first such event.
    """

    AUTHN_LOGIN_SUCCESS = "authn_login_success", Level.INFO, MAX_LINES_PER_SECOND
    AUTHN_LOGIN_FAIL = "authn_login_fail", Level.WARNING
    AUTHN_LOGIN_FAIL_MAX = "authn_login_fail_max", Level.WARNING, 1
    AUTHN_PASSWORD_CHANGE = "authn_password_change", Level.INFO
    AUTHN_PASSWORD_CONFIRMATION_FAIL = "authn_password_confirmation_fail", Level.WARNING
    AUTHN_REFRESH_FAIL = "authn_refresh_fail", Level.WARNING
    AUTHN_TOKEN_REUSE = "authn_token_reuse", Level.CRITICAL
    AUTHN_TOKEN_REVOKED = "authn_token_revoked", Level.INFO
    AUTHZ_ADMIN = "authz_admin", Level.INFO
    AUTHZ_CHANGE = "authz_change", Level.INFO
    AUTHZ_FAIL = "authz_fail", Level.WARNING
    CHANGE_FEED_CURRENT = "change_feed_current", Level.INFO
    CHANGE_FEED_FAILED = "change_feed_failed", Level.ERROR
    CHANGE_FEED_OLD = "change_feed_old", Level.WARNING
    CHANGE_FEED_READABLE = "change_feed_readable", Level.INFO
    CHANGE_FEED_UNREADABLE = "change_feed_unreadable", Level.WARNING
    CHANGE_UNDONE = "change_undone", Level.INFO
    DATABASE_RESTORED = "database_restored", Level.INFO
    DATABASE_UNWRITABLE = "database_unwritable", Level.WARNING
    DATABASE_WRITABLE = "database_writable", Level.INFO
    DIRECTORY_REFRESH_FAILED = "directory_refresh_failed", Level.ERROR
    EMAIL_CHANGE_REQUESTED = "email_change_requested", Level.INFO
    EMAIL_CHANGED = "email_changed", Level.INFO
    EMAIL_VERIFICATION_REQUESTED = "email_verification_requested", Level.INFO, MAX_LINES_PER_SECOND
    EMAIL_VERIFIED = "email_verified", Level.INFO
    EXCESS_RATE_LIMIT_EXCEEDED = "excess_rate_limit_exceeded", Level.WARNING, 1
    INVITATION_ADDED = "invitation_added", Level.INFO
    INVITATION_REMOVED = "invitation_removed", Level.INFO
    LETTER_DISCARDED = "letter_discarded", Level.INFO, MAX_LINES_PER_SECOND
    LETTER_FAILED = "letter_failed", Level.WARNING
    LETTER_GIVEN_UP = "letter_given_up", Level.ERROR
    LETTER_SENT = "letter_sent", Level.INFO, MAX_LINES_PER_SECOND
    LINK_REFUSED = "link_refused", Level.WARNING
    MAINTENANCE_FAILED = "maintenance_failed", Level.ERROR
    PASSWORD_HASH_UNUSABLE = "password_hash_unusable", Level.ERROR
    PASSWORD_RESET_FAIL = "password_reset_fail", Level.WARNING
    PASSWORD_RESET_REQUESTED = "password_reset_requested", Level.INFO, MAX_LINES_PER_SECOND
    RATE_LIMITS_LOCAL = "rate_limits_local", Level.WARNING, 1
    RATE_LIMITS_SHARED = "rate_limits_shared", Level.INFO
    SERVICE_ADDED = "service_added", Level.INFO
    SERVICE_REMOVED = "service_removed", Level.INFO
    SERVICE_UNAVAILABLE = "service_unavailable", Level.WARNING, 1
    SESSION_ENDED = "session_ended", Level.INFO
    SESSION_RENEWAL_REPEATED = "session_renewal_repeated", Level.INFO, 1
    SESSION_RENEWED = "session_renewed", Level.INFO, MAX_LINES_PER_SECOND
    SESSIONS_ENDED = "sessions_ended", Level.INFO
    SESSIONS_PRUNED = "sessions_pruned", Level.INFO
    SETTING_ADOPTED = "setting_adopted", Level.INFO
    SETTINGS_DIFFER = "settings_differ", Level.ERROR
    SIGN_IN_CODE_REQUESTED = "sign_in_code_requested", Level.INFO, MAX_LINES_PER_SECOND
    SIGN_UP_FAIL = "sign_up_fail", Level.WARNING
    SIGNING_KEY_ADDED = "signing_key_added", Level.INFO
    SIGNING_KEY_FORGOTTEN = "signing_key_forgotten", Level.INFO
    SIGNING_KEY_RESEALED = "signing_key_resealed", Level.INFO
    SIGNING_KEY_REVOKED = "signing_key_revoked", Level.INFO
    SIGNING_KEY_ROTATION_FAILED = "signing_key_rotation_failed", Level.ERROR
    USER_CREATED = "user_created", Level.INFO
    USER_DELETED = "user_deleted", Level.INFO
    USER_RESTORED = "user_restored", Level.INFO
    USER_UNLOCKED = "user_unlocked", Level.INFO
    USER_UPDATED = "user_updated", Level.INFO
    USERS_IMPORTED = "users_imported", Level.INFO
    USERS_IMPORT_FAILED = "users_import_failed", Level.ERROR
    USERS_PRUNED = "users_pruned", Level.INFO

    def __new__(cls, value: str, level: Level, max_lines_per_second: int | None = None) -> Self:
        event = str.__new__(cls, value)
        event._value_ = value
        event.level = level
        is_failure = level in {Level.WARNING, Level.ERROR}
        event.max_lines_per_second = max_lines_per_second or (MAX_LINES_PER_SECOND if is_failure else None)
        return event

    @property
    def outcome(self) -> Literal["success", "failure"]:
        """Return the field `outcome` of the log line."""
        return "success" if self.level is Level.INFO else "failure"
