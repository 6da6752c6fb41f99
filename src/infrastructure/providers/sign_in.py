"""The use cases of sign-in, by a password or a code, and the adapter of codes."""

from typing import final

from dishka import Provider, Scope, provide, provide_all

from doorward.application.accounts.authenticate import Authenticate
from doorward.application.accounts.count_attempt import CountAttempt
from doorward.application.accounts.find_and_count import FindAndCount
from doorward.application.accounts.request_sign_in_code import RequestSignInCode
from doorward.application.accounts.sign_in_by_code import SignInByCode
from doorward.application.ports.sign_in_codes import SignInCodes
from doorward.application.sessions.notice_device import NoticeDevice
from doorward.application.sessions.open_session import OpenSession
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.security.sign_in_codes import KeyedSignInCodes
from doorward.infrastructure.settings.settings import Settings

SIGN_IN = (Authenticate, CountAttempt, FindAndCount, OpenSession, RequestSignInCode, SignInByCode)


@final
class SignInProvider(Provider):
    scope = Scope.APP

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    use_cases = provide_all(*SIGN_IN)

    @provide
    def sign_in_codes(self, secret: MasterSecret) -> SignInCodes:
        return KeyedSignInCodes(secret)

    @provide
    def notice_device(self) -> NoticeDevice:
        return NoticeDevice(sends_letters=self.settings.new_device_letters)
