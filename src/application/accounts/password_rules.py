from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from doorward.application.ports.security import PasswordBlocklist
from doorward.domain.accounts.password import Password, PasswordPolicy
from doorward.domain.errors import PasswordBlocked


@final
@dataclass(frozen=True, slots=True)
class PasswordRules:
    """All that a new password must pass, wherever it comes from."""

    policy: PasswordPolicy
    blocklist: PasswordBlocklist

    def check(self, raw: str, known: Iterable[str]) -> Password:
        """The password, ready to be hashed; raise PasswordTooShort, PasswordTooLong or PasswordBlocked."""
        password = Password.typed(raw)
        self.policy.check(password, known)
        if self.blocklist.blocks(password):
            raise PasswordBlocked("This password is among those that are tried first; choose one of your own.")
        return password
