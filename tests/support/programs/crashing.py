"""Runs one use case on a SQLite database and kills its own process as `kill -9` does, before a chosen step.

Usage: crashing.py FILE STORY STEP [TOKEN]

A step is a statement, a commit or a rollback, and last of all the answer. When the story has fewer, it ends well, with
exit code 0.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import Engine, event

from doorward.application.access.grant_role import GrantRole
from doorward.application.access.remove_role import RemoveRole
from doorward.application.access.revoke_role import RevokeRole
from doorward.application.accounts.authenticate import Authenticate
from doorward.application.accounts.count_attempt import CountAttempt
from doorward.application.accounts.delete_user import DeleteUser
from doorward.application.accounts.find_and_count import FindAndCount
from doorward.application.accounts.password_rules import PasswordRules
from doorward.application.accounts.register_user import RegisterUser
from doorward.application.accounts.reset_password import ResetPassword
from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.application.change_feed.feed_marks import FeedMarks
from doorward.application.keys.reseal_signing_keys import ResealSigningKeys
from doorward.application.keys.revoke_signing_key import RevokeSigningKey
from doorward.application.keys.rotate_signing_keys import RotateSigningKeys
from doorward.application.sessions.issue_tokens import IssueTokens
from doorward.application.sessions.notice_device import NoticeDevice
from doorward.application.sessions.open_session import OpenSession
from doorward.application.sessions.refresh_session import RefreshSession
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import ADMIN, MODERATOR, RoleName
from doorward.domain.accounts.attempts import AttemptPolicy
from doorward.domain.accounts.deletion import DeletionPolicy
from doorward.domain.accounts.email_verification import EmailVerification
from doorward.domain.accounts.password import PasswordPolicy
from doorward.domain.accounts.user import User
from doorward.domain.keys.rotation import KeyRotation
from doorward.domain.sessions.session import SessionPolicy
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.builders import DEVICE_TOKENS, LOGINS, OTHER_PASSWORD, PASSWORD, REFRESH_TOKENS
from doorward.testing.doubles import (
    NOON,
    FrozenClock,
    ListLog,
    PlainHasher,
    PlainLinkTokens,
    PlainSealer,
    PlainTokens,
    ShortBlocklist,
)

Story = Callable[[SqlStorage, User], Awaitable[object]]

LOG = ListLog()
POLICY = SessionPolicy()
RESET_TOKEN, _ = PlainLinkTokens().generate()
"""Of the letter to ada with a link to choose a new password."""


def sign_up(storage: SqlStorage, _: User) -> Awaitable[object]:
    rules = PasswordRules(PasswordPolicy(), ShortBlocklist())
    register = RegisterUser(storage, PlainHasher(), rules, EmailVerification.OPTIONAL, LOG)
    return register("grace", "grace@example.org", PASSWORD, NOON)


def keys_take_turns(storage: SqlStorage, _: User) -> Awaitable[object]:
    return RotateSigningKeys(storage, PlainSealer(), KeyRotation(), LOG)(NOON)


def revoke_a_key(storage: SqlStorage, _: User) -> Awaitable[object]:
    return RevokeSigningKey(storage, PlainSealer(), KeyRotation(), LOG)("active", NOON)


def sign_in(storage: SqlStorage, _: User) -> Awaitable[object]:
    issue = IssueTokens(PlainTokens(), POLICY)
    ended = EndedSessions(storage, FrozenClock(), FeedMarks(b"one key of all nodes"))
    count = CountAttempt(storage, LOGINS, AttemptPolicy(), LOG)
    open_session = OpenSession(storage, REFRESH_TOKENS, issue, POLICY, LOG, ended, NoticeDevice())
    find_and_count = FindAndCount(storage, DEVICE_TOKENS, count)
    verification = EmailVerification.OPTIONAL
    authenticate = Authenticate(storage, PlainHasher(), open_session, LOG, find_and_count, verification)
    return authenticate("ada", PASSWORD, NOON)


def refresh(storage: SqlStorage, _: User) -> Awaitable[object]:
    return refreshing(storage)(sys.argv[4], NOON)


def refreshing(storage: SqlStorage) -> RefreshSession:
    return RefreshSession(storage, REFRESH_TOKENS, IssueTokens(PlainTokens(), POLICY), POLICY, LOG)


def reset_a_password(storage: SqlStorage, _: User) -> Awaitable[object]:
    rules = PasswordRules(PasswordPolicy(), ShortBlocklist())
    reset = ResetPassword(storage, PlainHasher(), rules, PlainLinkTokens(), LOGINS, LOG)
    return reset(RESET_TOKEN, OTHER_PASSWORD, None, NOON)


def delete_an_account(storage: SqlStorage, ada: User) -> Awaitable[object]:
    return DeleteUser(storage, DeletionPolicy(kept=timedelta(0)), LOG, FrozenClock())(ada.id, by=OPERATOR)


def delete_an_account_for_now(storage: SqlStorage, ada: User) -> Awaitable[object]:
    return DeleteUser(storage, DeletionPolicy(), LOG, FrozenClock())(ada.id, by=OPERATOR)


SESSION_STORIES: dict[str, Story] = {"sign in": sign_in, "refresh": refresh}
"""These begin and change sessions, and announce nothing."""

STORIES: dict[str, Story] = {
    "sign up": sign_up,
    "grant a role": lambda storage, ada: GrantRole(storage, LOG)(ada.id, RoleName("writer"), NOON, by=OPERATOR),
    "revoke a role": lambda storage, ada: RevokeRole(storage, LOG, FrozenClock())(ada.id, MODERATOR, by=OPERATOR),
    "revoke admin": lambda storage, ada: RevokeRole(storage, LOG, FrozenClock())(ada.id, ADMIN, by=OPERATOR),
    "remove a role": lambda storage, _: RemoveRole(storage, LOG)(RoleName("editor"), by=OPERATOR),
    "delete an account": delete_an_account,
    "delete an account for now": delete_an_account_for_now,
    "reset a password": reset_a_password,
    "rotate the keys": keys_take_turns,
    "revoke a key": revoke_a_key,
    "seal the keys anew": lambda storage, _: ResealSigningKeys(storage, PlainSealer(), LOG)(),
}


async def tell(file: str, story: Story, last: int) -> None:
    storage = SqlStorage.open(DatabaseUrl.parse(f"sqlite:///{file}"))
    async with storage.reading() as reading:
        ada = await reading.users.by_login("ada")
    assert ada is not None
    steps = 0

    @event.listens_for(Engine, "before_cursor_execute")
    def count(*_: object) -> None:
        nonlocal steps
        if steps == last:
            killed()
        steps += 1

    await story(storage, ada)
    if steps == last:
        killed()
    await storage.close()


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(tell(sys.argv[1], {**STORIES, **SESSION_STORIES}[sys.argv[2]], int(sys.argv[3])))
