from dataclasses import dataclass
from datetime import datetime
from typing import Final, final
from uuid import UUID

from doorward.application.accounts.find_and_count import FindAndCount
from doorward.application.ports.security import SecurityLog
from doorward.application.ports.security_events import SecurityEvent
from doorward.application.ports.sign_in_codes import SignInCodes
from doorward.application.ports.storage import Transaction
from doorward.application.sessions.issue_tokens import SignedIn
from doorward.application.sessions.open_session import Admits, OpenSession, Proof
from doorward.domain.accounts.attempts import SHARED_DEVICES, UNKNOWN_DEVICES_WITH_CODES, AttemptKey
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.sign_in_code import SignInCode
from doorward.domain.accounts.user import User
from doorward.domain.errors import InvalidCode
from doorward.domain.ids import UserId
from doorward.domain.sessions.origin import UNKNOWN_ORIGIN, Origin

NOBODY: Final = UserId(UUID(int=0))
"""Takes the place of an account where there is none. No account has this id."""


@final
@dataclass(frozen=True, slots=True)
class SignInByCode:
    """Signs somebody in with the code of a letter.

    An unknown address, an account without a code and a wrong code take the same path at the same cost, so that their
    response times do not differ. A try counts before the code is compared, on all nodes together.
    """

    codes: SignInCodes
    open_session: OpenSession
    log: SecurityLog
    find_and_count: FindAndCount

    async def __call__(self, email: str, typed: str, now: datetime, origin: Origin = UNKNOWN_ORIGIN) -> SignedIn:
        """Return the tokens. Raise InvalidEmail, InvalidCode or TooManyAttempts."""
        address = Email.parse(email)
        tried: SignInCode | None = None

        async def count_try(tx: Transaction, user: User | None) -> None:
            nonlocal tried
            tried = await tx.sign_in_codes.count_try(user.id if user else NOBODY)

        user, counted = await self.find_and_count(
            address.key, now, origin.device_token, UNKNOWN_DEVICES_WITH_CODES, count_try
        )
        code = tried if tried is not None and tried.may_be_compared(now) else None
        matches = self.codes.matches(typed, user, code.hash if code else None)
        if user is None or code is None or not matches or not user.is_enabled_at(now):
            raise self._refuse(address, user, code, now)
        proof = Proof(
            factor="email_code",
            origin=origin,
            device_is_known=counted.device not in SHARED_DEVICES,
            admits=spends(code, user, counted),
        )
        signed_in = await self.open_session(user, proof, now)
        if signed_in is None:
            raise self._refuse(address, user, None, now)
        return signed_in

    def _refuse(self, address: Email, user: User | None, code: SignInCode | None, now: datetime) -> InvalidCode:
        if user is None:
            reason = "unknown_account"
        elif not user.is_enabled_at(now):
            reason = "account_disabled"
        else:
            reason = "wrong_code" if code else "no_valid_code"
        self.log.record(
            SecurityEvent.AUTHN_LOGIN_FAIL,
            login=address.value,
            reason=reason,
            user_id=str(user.id) if user else None,
            factor="email_code",
        )
        return InvalidCode()


def spends(code: SignInCode, user: User, counted: AttemptKey) -> Admits:
    """Return what uses up the code, and forgets the attempts of the device.

    It admits nobody if the address or the password of the account changed while the code was compared, or if another
    request has used the code.
    """

    async def admits(tx: Transaction, present: User) -> bool:
        if (present.email, present.password_hash) != (user.email, user.password_hash):
            return False
        await tx.attempts.clear(counted)  # before the code, as a try holds both in this order
        return await tx.sign_in_codes.spend(code)

    return admits
