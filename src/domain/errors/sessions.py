"""Refusals about sessions and refresh tokens."""

from doorward.domain.errors.families import Missing, Throttled, Unauthenticated, Unavailable


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


class SessionMissing(Missing):
    code = "session_not_found"
    text = "There is no such session."


class RevocationsIncomplete(Unavailable):
    """This node may not know of every revocation. Services would trust an incomplete list, so it gives none."""

    code = "revocations_incomplete"
    text = "This node may not know of every revocation just now; try again in a moment."
