from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from doorward.application.ports.security import PasswordStrength
from doorward.domain.accounts.password import Password, PasswordPolicy
from doorward.domain.errors import PasswordBlocked


@final
@dataclass(frozen=True, slots=True)
class PasswordRules:
    """The rules for new passwords, the same for sign-up, change, and the command line."""

    policy: PasswordPolicy
    strength: PasswordStrength

    def check(self, raw: str, known: Iterable[str]) -> Password:
        """Return the password, ready to be hashed; raise PasswordTooShort, PasswordTooLong or PasswordBlocked.

        `known` is what belongs to the account: username and email.
        """
        password = Password.typed(raw)
        known = tuple(known)
        self.policy.check(password, known)
        if weakness := self.strength.weakness(password, known):
            raise PasswordBlocked(weakness)
        return password
