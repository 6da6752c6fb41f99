from enum import StrEnum

from doorward.domain.errors import SignUpByInvitation, SignUpClosed


class SignUp(StrEnum):
    """Who may get an account. Administrators can create accounts in any case."""

    OPEN = "open"
    """Whoever signs up."""
    INVITED = "invited"
    """Whoever has an invitation."""
    CLOSED = "closed"
    """Nobody, not by an invitation either."""

    def refuse_strangers(self) -> None:
        """Raise SignUpByInvitation or SignUpClosed unless everybody may sign up."""
        if self is SignUp.INVITED:
            raise SignUpByInvitation
        self.refuse_invited()

    def refuse_invited(self) -> None:
        """Raise SignUpClosed if there are no invitations."""
        if self is SignUp.CLOSED:
            raise SignUpClosed
