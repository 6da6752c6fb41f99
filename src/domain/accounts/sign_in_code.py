"""Codes of letters, with which people sign in without a password."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NewType

from doorward.domain.ids import UserId

SignInCodeHash = NewType("SignInCodeHash", bytes)
"""A keyed hash of a code together with the account, its address and its password hash, 32 bytes. The code has eight
digits and is never stored."""

CODE_LIFE = timedelta(minutes=10)
"""From the moment at which the letter is sent."""

MAX_TRIES = 5
"""Of each code. Whoever guesses hits one of 20 million codes with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInCode:
    """The code that an account was sent last. It is used once."""

    user_id: UserId
    hash: SignInCodeHash = field(repr=False)
    expires_at: datetime
    tries: int = 0
    """How often somebody tried to guess it. A try counts before it is compared."""

    def may_be_compared(self, now: datetime) -> bool:
        """Return whether the code counts for the last try of `tries`."""
        return self.tries <= MAX_TRIES and now < self.expires_at
