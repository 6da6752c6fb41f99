"""Builders of complete objects for tests. A test sets only what it is about:

    ada = a_user("ada", MODERATOR)
    session = a_session(ada)
    granted = decide(ada.access, any_of(MODERATOR), NOON)
    await end_session(ada.id, session.id, by=a_principal(ada, session))

Entities are frozen: their methods return the next value, such as `ada.granted(ADMIN)`.
"""

from datetime import datetime, timedelta
from hashlib import sha256

from doorward.application.ports.letters import LetterContents
from doorward.application.ports.security import AccessTokens, IssuedToken
from doorward.domain.access.decision import SIGNED_IN, Requirement
from doorward.domain.access.principal import Principal
from doorward.domain.access.role import USER, RoleName
from doorward.domain.accounts.email import Email
from doorward.domain.accounts.invitation import INVITATION_LIFE, Invitation
from doorward.domain.accounts.password import PasswordHash
from doorward.domain.accounts.suspension import WITHOUT_END
from doorward.domain.accounts.user import User
from doorward.domain.accounts.username import Username
from doorward.domain.ids import InvitationId, LetterId, SessionId, UserId, uuid7
from doorward.domain.letters.letter import LetterKind
from doorward.domain.sessions.refresh_token import RefreshTokenHash
from doorward.domain.sessions.session import Device, Session, new_session_id
from doorward.infrastructure.security.device_tokens import KeyedLoginHasher, SignedDeviceTokens
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.refresh_tokens import DerivedRefreshTokens
from doorward.infrastructure.security.sign_in_codes import KeyedSignInCodes
from doorward.testing.doubles import NOON, PlainTokens

PASSWORD = "violet harbour kettle"
OTHER_PASSWORD = "a kettle full of violets"
BLOCKED = "everybody tries this"
SECRET = MasterSecret(b"what the refresh tokens of unit tests are derived from")
REFRESH_TOKENS = DerivedRefreshTokens(SECRET)
SIGN_IN_CODES = KeyedSignInCodes(SECRET)
DEVICE_TOKENS, LOGINS = SignedDeviceTokens(SECRET), KeyedLoginHasher(SECRET)


def a_user(name: str = "ada", *roles: RoleName, disabled: bool = False) -> User:
    """Return an account whose password is PASSWORD, in the form of PlainHasher."""
    return User(
        id=UserId(uuid7(NOON)),
        username=Username.parse(name),
        email=Email.parse(f"{name.lower()}@example.org"),
        password_hash=PasswordHash(f"$plain$1${PASSWORD}"),
        roles=frozenset({USER, *roles}),
        suspension=WITHOUT_END if disabled else None,
        created_at=NOON,
    )


def email_of(user: User) -> Email:
    """Return the address of an account that has one."""
    assert user.email is not None
    return user.email


def an_invitation(address: str = "ada@example.org", minute: int = 0) -> Invitation:
    """Return an invitation of the operator, made so many minutes after NOON."""
    created_at = NOON + timedelta(minutes=minute)
    return Invitation(
        id=InvitationId(uuid7(created_at)),
        email=Email.parse(address),
        roles=frozenset({USER}),
        invited_by=None,
        created_at=created_at,
        expires_at=created_at + INVITATION_LIFE,
    )


def letter_contents() -> LetterContents:
    """Return what a letter with the link for a forgotten password contains."""
    return LetterContents(
        letter_id=LetterId(uuid7(NOON)),
        kind=LetterKind.PASSWORD_RESET,
        recipient="ada@example.org",
        language="en",
        username="ada",
        written_at=NOON,
        sent_at=NOON,
        token="T" * 43,
        token_minutes=30,
    )


def a_session(user: User, started_at: datetime = NOON) -> Session:
    """Return a session of the account on one device, the same for all."""
    session_id = new_session_id(started_at)
    token_hash = RefreshTokenHash(sha256(session_id.bytes).digest())
    return Session.opened(session_id, user.id, token_hash, Device("192.0.2.7", "Mozilla/5.0"), started_at)


def a_principal(user: User, session: Session, requirement: Requirement = SIGNED_IN, address: str = "") -> Principal:
    """Return whom the guard admits with a token of that session."""
    return Principal(
        user_id=user.id,
        session_id=session.id,
        epoch=user.epoch,
        requirement=requirement,
        admitted_at=NOON,
        address=address,
    )


def issued(tokens: AccessTokens, user: User, now: datetime = NOON, session_id: SessionId | None = None) -> IssuedToken:
    """Return an access token of the account, for a session that continues."""
    return tokens.issue(user, session_id or new_session_id(now), now, now + timedelta(days=14))


def a_token(user: User, session_id: SessionId | None = None) -> str:
    """Return an access token in the form of PlainTokens."""
    return issued(PlainTokens(), user, session_id=session_id).value
