from enum import StrEnum

from doorward.domain.accounts.user import User


class EmailVerification(StrEnum):
    """What the service makes of the question whether the holder of an account reads the mail of its address."""

    OFF = "off"
    """Sign-up sends no letter."""
    OPTIONAL = "optional"
    """Sign-up sends a letter with a link that verifies the address."""
    REQUIRED = "required"
    """The same, and an account whose address is not verified cannot sign in. Sign-up does not tell which addresses have
    an account."""

    @property
    def writes_letters(self) -> bool:
        """Whether a new account gets a letter with a link that verifies its address."""
        return self is not EmailVerification.OFF

    def admits(self, user: User) -> bool:
        """Return whether the account may sign in, as far as its address is concerned. One that was adopted without an
        address signs in to get one."""
        return self is not EmailVerification.REQUIRED or user.email_verified or user.email is None
