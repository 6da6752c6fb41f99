"""The use cases about the addresses of accounts: how they are verified and changed."""

from doorward.application.accounts.confirm_email_change import ConfirmEmailChange
from doorward.application.accounts.request_email_change import RequestEmailChange
from doorward.application.accounts.request_email_verification import RequestEmailVerification
from doorward.application.accounts.resend_email_verification import ResendEmailVerification
from doorward.application.accounts.undo_change import UndoChange
from doorward.application.accounts.verify_email import VerifyEmail
from doorward.application.accounts.vouch_for_email import VouchForEmail

EMAIL_ADDRESSES = (
    RequestEmailVerification,
    VerifyEmail,
    ResendEmailVerification,
    VouchForEmail,
    RequestEmailChange,
    ConfirmEmailChange,
    UndoChange,
)
