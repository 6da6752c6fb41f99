"""The use cases that unit tests combine."""

from dataclasses import dataclass, field
from typing import Any

from doorward.application.access.authorize_from_cache import AuthorizeFromCache
from doorward.application.access.authorize_role import AuthorizeRole
from doorward.application.access.grant_role import GrantRole
from doorward.application.access.revoke_role import RevokeRole
from doorward.application.accounts.accept_invitation import AcceptInvitation
from doorward.application.accounts.authenticate import Authenticate
from doorward.application.accounts.change_password import ChangePassword
from doorward.application.accounts.confirm_email_change import ConfirmEmailChange
from doorward.application.accounts.confirm_password import ConfirmPassword
from doorward.application.accounts.count_attempt import CountAttempt
from doorward.application.accounts.create_user import CreateUser
from doorward.application.accounts.delete_own_account import DeleteOwnAccount
from doorward.application.accounts.delete_user import DeleteUser
from doorward.application.accounts.find_and_count import FindAndCount
from doorward.application.accounts.import_users import ImportUsers
from doorward.application.accounts.invite_user import InviteUser
from doorward.application.accounts.password_rules import PasswordRules
from doorward.application.accounts.prune_deleted_users import PruneDeletedUsers
from doorward.application.accounts.register_user import RegisterUser
from doorward.application.accounts.request_email_change import RequestEmailChange
from doorward.application.accounts.request_email_verification import RequestEmailVerification
from doorward.application.accounts.request_password_reset import RequestPasswordReset
from doorward.application.accounts.request_sign_in_code import RequestSignInCode
from doorward.application.accounts.resend_email_verification import ResendEmailVerification
from doorward.application.accounts.reset_password import ResetPassword
from doorward.application.accounts.restore_user import RestoreUser
from doorward.application.accounts.set_password import SetPassword
from doorward.application.accounts.sign_in_by_code import SignInByCode
from doorward.application.accounts.undo_change import UndoChange
from doorward.application.accounts.update_user import UpdateUser
from doorward.application.accounts.verify_email import VerifyEmail
from doorward.application.adoption.adopt_accounts import AdoptAccounts
from doorward.application.change_feed.directories import Directories
from doorward.application.change_feed.directory import AccessDirectory
from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.application.change_feed.feed_marks import FeedMarks
from doorward.application.change_feed.follower import ChangeFollower, FollowerTimings
from doorward.application.change_feed.heartbeat import Heartbeat
from doorward.application.change_feed.known_services import KnownServices
from doorward.application.change_feed.own_accounts import OwnAccounts
from doorward.application.letters.letter_sender import LetterSender
from doorward.application.letters.prepare_letter import PrepareLetter
from doorward.application.sessions.continue_session import ContinueSession
from doorward.application.sessions.describe_session import DescribeSession
from doorward.application.sessions.end_all_sessions import EndAllSessions
from doorward.application.sessions.end_session import EndSession
from doorward.application.sessions.issue_tokens import IssueTokens, SignedIn
from doorward.application.sessions.notice_device import NoticeDevice
from doorward.application.sessions.open_session import OpenSession
from doorward.application.sessions.refresh_session import RefreshSession
from doorward.domain.access.role import RoleName
from doorward.domain.accounts.attempts import AttemptPolicy
from doorward.domain.accounts.deletion import DeletionPolicy
from doorward.domain.accounts.email_verification import EmailVerification
from doorward.domain.accounts.password import PasswordPolicy
from doorward.domain.accounts.sign_up import SignUp
from doorward.domain.accounts.user import User
from doorward.domain.ids import SessionId, UserId
from doorward.domain.sessions.session import Session, SessionPolicy
from doorward.infrastructure.memory.storage import MemoryStorage
from doorward.infrastructure.memory.tables import MemoryDatabase
from doorward.testing.builders import BLOCKED, DEVICE_TOKENS, LOGINS, PASSWORD, REFRESH_TOKENS, SIGN_IN_CODES, a_user
from doorward.testing.doubles import (
    FrozenClock,
    ListLog,
    ListMailer,
    PlainHasher,
    PlainLinkTokens,
    PlainTokens,
    ShortBlocklist,
)
from support.doubles import CountingKeyRing


@dataclass(slots=True)
class House:
    """The use cases that tests combine, on storage in memory and with a frozen clock."""

    clock: FrozenClock = field(default_factory=FrozenClock)
    log: ListLog = field(default_factory=ListLog)
    hasher: PlainHasher = field(default_factory=PlainHasher)
    ring: CountingKeyRing = field(default_factory=CountingKeyRing)
    policy: SessionPolicy = field(default_factory=SessionPolicy)
    link_tokens: PlainLinkTokens = field(default_factory=PlainLinkTokens)
    mailer: ListMailer = field(default_factory=ListMailer)
    attempts: AttemptPolicy = field(default_factory=AttemptPolicy)
    notice_device: NoticeDevice = field(default_factory=NoticeDevice)
    verification: EmailVerification = EmailVerification.OFF
    deletion: DeletionPolicy = field(default_factory=DeletionPolicy)
    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    storage: MemoryStorage = field(init=False)
    directory: AccessDirectory = field(init=False)
    accounts: OwnAccounts = field(init=False)
    services: KnownServices = field(init=False)
    ended: EndedSessions = field(init=False)
    sender: LetterSender = field(init=False)

    def __post_init__(self) -> None:
        self.storage = MemoryStorage(self.clock.now, self.database)
        self.directory = AccessDirectory(self.storage, self.clock)
        self.accounts = OwnAccounts(self.storage, self.clock)
        self.services = KnownServices(self.storage, self.clock)
        self.ended = EndedSessions(self.storage, self.clock, FeedMarks(b"one key of all nodes"))
        self.ended.mark_caught_up(self.clock.monotonic())
        self.sender = self.another_sender()

    @property
    def rules(self) -> PasswordRules:
        return PasswordRules(PasswordPolicy(), ShortBlocklist(frozenset({BLOCKED})))

    @property
    def register(self) -> RegisterUser:
        return RegisterUser(self.storage, self.hasher, self.rules, self.verification, self.log)

    @property
    def create(self) -> CreateUser:
        return CreateUser(self.storage, self.hasher, self.rules, self.verification, self.log)

    @property
    def import_users(self) -> ImportUsers:
        return ImportUsers(self.storage, self.hasher, self.log)

    @property
    def adopt(self) -> AdoptAccounts:
        return AdoptAccounts(self.storage, self.hasher, self.log)

    @property
    def authenticate(self) -> Authenticate:
        return Authenticate(
            self.storage, self.hasher, self.open_session, self.log, self.find_and_count, self.verification
        )

    @property
    def open_session(self) -> OpenSession:
        return OpenSession(
            self.storage, REFRESH_TOKENS, self.issue, self.policy, self.log, self.ended, self.notice_device
        )

    @property
    def find_and_count(self) -> FindAndCount:
        return FindAndCount(self.storage, DEVICE_TOKENS, self.count)

    @property
    def count(self) -> CountAttempt:
        return CountAttempt(self.storage, LOGINS, self.attempts, self.log)

    @property
    def issue(self) -> IssueTokens:
        return IssueTokens(PlainTokens(), self.policy)

    @property
    def refresh(self) -> RefreshSession:
        return RefreshSession(self.storage, REFRESH_TOKENS, self.issue, self.policy, self.log)

    @property
    def describe(self) -> DescribeSession:
        return DescribeSession(self.accounts, self.policy)

    @property
    def continue_session(self) -> ContinueSession:
        return ContinueSession(self.storage, REFRESH_TOKENS, self.issue, self.policy, self.log)

    @property
    def end(self) -> EndSession:
        return EndSession(self.storage, self.log)

    @property
    def end_all(self) -> EndAllSessions:
        return EndAllSessions(self.storage, self.log)

    @property
    def change_password(self) -> ChangePassword:
        return ChangePassword(self.storage, self.hasher, self.confirm, self.rules, self.log)

    @property
    def set_password(self) -> SetPassword:
        return SetPassword(self.storage, self.hasher, self.rules, self.log)

    @property
    def invite(self) -> InviteUser:
        return InviteUser(self.storage, SignUp.OPEN, self.log)

    @property
    def accept(self) -> AcceptInvitation:
        return AcceptInvitation(self.storage, self.hasher, self.rules, self.link_tokens, SignUp.INVITED, self.log)

    @property
    def request_reset(self) -> RequestPasswordReset:
        return RequestPasswordReset(self.storage, self.log)

    @property
    def reset_password(self) -> ResetPassword:
        return ResetPassword(self.storage, self.hasher, self.rules, self.link_tokens, LOGINS, self.log)

    @property
    def request_verification(self) -> RequestEmailVerification:
        return RequestEmailVerification(self.storage, self.log)

    @property
    def verify_email(self) -> VerifyEmail:
        return VerifyEmail(self.storage, self.link_tokens, self.log)

    @property
    def request_email_change(self) -> RequestEmailChange:
        return RequestEmailChange(self.storage, self.confirm, self.link_tokens, self.log)

    @property
    def confirm_email_change(self) -> ConfirmEmailChange:
        return ConfirmEmailChange(self.storage, self.link_tokens, self.log)

    @property
    def undo_change(self) -> UndoChange:
        return UndoChange(self.storage, self.hasher, self.link_tokens, self.log)

    @property
    def resend_verification(self) -> ResendEmailVerification:
        return ResendEmailVerification(self.storage, self.log)

    @property
    def prepare(self) -> PrepareLetter:
        return PrepareLetter(self.link_tokens, SIGN_IN_CODES, self.verification)

    @property
    def request_code(self) -> RequestSignInCode:
        return RequestSignInCode(self.storage, self.log)

    @property
    def sign_in_by_code(self) -> SignInByCode:
        return SignInByCode(SIGN_IN_CODES, self.open_session, self.log, self.find_and_count)

    async def send_letters(self) -> int:
        """Make an attempt with each letter that is due, as this node, and return how many were made."""
        return await self.sender.once()

    def another_sender(self) -> LetterSender:
        """Return the sender of another node."""
        return LetterSender(self.storage, self.prepare, self.mailer, self.clock, self.log)

    @property
    def confirm(self) -> ConfirmPassword:
        return ConfirmPassword(self.storage, self.hasher, self.log, self.count)

    @property
    def update(self) -> UpdateUser:
        return UpdateUser(self.storage, self.log, self.clock)

    @property
    def delete_user(self) -> DeleteUser:
        return DeleteUser(self.storage, self.deletion, self.log, self.clock)

    @property
    def restore(self) -> RestoreUser:
        return RestoreUser(self.storage, self.deletion, self.log)

    @property
    def prune_deleted(self) -> PruneDeletedUsers:
        return PruneDeletedUsers(self.storage, self.deletion, self.log)

    @property
    def delete_own_account(self) -> DeleteOwnAccount:
        return DeleteOwnAccount(self.storage, self.confirm, self.deletion, self.log)

    @property
    def authorize_from_cache(self) -> AuthorizeFromCache:
        return AuthorizeFromCache(self.directory, self.ended)

    @property
    def authorize(self) -> AuthorizeRole:
        return AuthorizeRole(self.directory, self.ended)

    @property
    def grant(self) -> GrantRole:
        return GrantRole(self.storage, self.log)

    @property
    def revoke(self) -> RevokeRole:
        return RevokeRole(self.storage, self.log, self.clock)

    @property
    def other_node(self) -> MemoryStorage:
        """A storage on the same database. Its commits are not announced to this node, as those of another node."""
        return MemoryStorage(self.clock.now, self.database)

    def follower(self, **timings: Any) -> ChangeFollower:
        """Return a follower of the change feed with these fields of FollowerTimings."""
        directories = Directories(self.directory, self.accounts, self.services)
        parts = self.storage, directories, self.ended, self.ring, self.clock, self.log
        heartbeat = Heartbeat(self.storage, self.clock, self.log)
        return ChangeFollower(*parts, heartbeat=heartbeat, timings=FollowerTimings(**timings))

    async def with_user(self, name: str = "ada", *roles: RoleName, disabled: bool = False) -> User:
        """Add an account and return it."""
        user = a_user(name, *roles, disabled=disabled)
        async with self.storage.transaction() as tx:
            await tx.users.add(user)
        return user

    async def signed_in(self, name: str = "ada") -> SignedIn:
        return await self.authenticate(name, PASSWORD, self.clock.now())

    async def newly_signed_in(self) -> SignedIn:
        """Add an account and sign it in."""
        return await self.signed_in((await self.with_user()).username.value)

    async def session(self, session_id: SessionId) -> Session | None:
        async with self.storage.reading() as reading:
            return await reading.sessions.get(session_id)

    async def stored(self, user_id: UserId) -> User:
        async with self.storage.reading() as reading:
            user = await reading.users.get(user_id)
        assert user is not None
        return user
