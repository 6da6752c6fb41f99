"""The refusals of the domain and the application, in families by what the caller should do next.

A leaf names one case. Its `code` is part of the wire contract and never changes. `interfaces/http/errors/` maps the
families to statuses, so a new leaf needs no line there. Refusals that only HTTP knows are defined there.

Each area has a file in this package. Everything is imported from here.
"""

from doorward.domain.errors.access import InvalidDescription as InvalidDescription
from doorward.domain.errors.access import InvalidRoleName as InvalidRoleName
from doorward.domain.errors.access import InvalidToken as InvalidToken
from doorward.domain.errors.access import LastAdmin as LastAdmin
from doorward.domain.errors.access import RoleBuiltIn as RoleBuiltIn
from doorward.domain.errors.access import RoleMissing as RoleMissing
from doorward.domain.errors.access import RoleRequired as RoleRequired
from doorward.domain.errors.access import RoleUnknown as RoleUnknown
from doorward.domain.errors.accounts import AccountDisabled as AccountDisabled
from doorward.domain.errors.accounts import AccountMissing as AccountMissing
from doorward.domain.errors.accounts import AddressMissing as AddressMissing
from doorward.domain.errors.accounts import AdoptionRefused as AdoptionRefused
from doorward.domain.errors.accounts import EmailAlreadyVerified as EmailAlreadyVerified
from doorward.domain.errors.accounts import EmailNotVerified as EmailNotVerified
from doorward.domain.errors.accounts import EmailTaken as EmailTaken
from doorward.domain.errors.accounts import EmailUnproven as EmailUnproven
from doorward.domain.errors.accounts import ImportRefused as ImportRefused
from doorward.domain.errors.accounts import ImportStopped as ImportStopped
from doorward.domain.errors.accounts import InvalidAfter as InvalidAfter
from doorward.domain.errors.accounts import InvalidCode as InvalidCode
from doorward.domain.errors.accounts import InvalidCredentials as InvalidCredentials
from doorward.domain.errors.accounts import InvalidEmail as InvalidEmail
from doorward.domain.errors.accounts import InvalidLocale as InvalidLocale
from doorward.domain.errors.accounts import InvalidProfile as InvalidProfile
from doorward.domain.errors.accounts import InvalidReason as InvalidReason
from doorward.domain.errors.accounts import InvalidUntil as InvalidUntil
from doorward.domain.errors.accounts import InvalidUsername as InvalidUsername
from doorward.domain.errors.accounts import InvitationMissing as InvitationMissing
from doorward.domain.errors.accounts import ListingRefused as ListingRefused
from doorward.domain.errors.accounts import PasswordBlocked as PasswordBlocked
from doorward.domain.errors.accounts import PasswordRefused as PasswordRefused
from doorward.domain.errors.accounts import PasswordTooLong as PasswordTooLong
from doorward.domain.errors.accounts import PasswordTooShort as PasswordTooShort
from doorward.domain.errors.accounts import PasswordWrong as PasswordWrong
from doorward.domain.errors.accounts import SignUpByInvitation as SignUpByInvitation
from doorward.domain.errors.accounts import SignUpClosed as SignUpClosed
from doorward.domain.errors.accounts import TooManyAttempts as TooManyAttempts
from doorward.domain.errors.accounts import UnknownAccount as UnknownAccount
from doorward.domain.errors.accounts import UsernameReserved as UsernameReserved
from doorward.domain.errors.accounts import UsernameTaken as UsernameTaken
from doorward.domain.errors.accounts import WrongPassword as WrongPassword
from doorward.domain.errors.audit import AuditBroken as AuditBroken
from doorward.domain.errors.backups import BackupUnreadable as BackupUnreadable
from doorward.domain.errors.backups import RestoreRefused as RestoreRefused
from doorward.domain.errors.families import Conflict as Conflict
from doorward.domain.errors.families import DomainError as DomainError
from doorward.domain.errors.families import Forbidden as Forbidden
from doorward.domain.errors.families import Invalid as Invalid
from doorward.domain.errors.families import Missing as Missing
from doorward.domain.errors.families import Throttled as Throttled
from doorward.domain.errors.families import Unauthenticated as Unauthenticated
from doorward.domain.errors.families import Unavailable as Unavailable
from doorward.domain.errors.keys import InvalidKey as InvalidKey
from doorward.domain.errors.keys import KeyExists as KeyExists
from doorward.domain.errors.keys import KeyMissing as KeyMissing
from doorward.domain.errors.letters import InvalidLink as InvalidLink
from doorward.domain.errors.letters import LetterMissing as LetterMissing
from doorward.domain.errors.letters import LetterUndelivered as LetterUndelivered
from doorward.domain.errors.letters import LetterWasSent as LetterWasSent
from doorward.domain.errors.rate_limits import TooManyRequests as TooManyRequests
from doorward.domain.errors.services import InvalidClient as InvalidClient
from doorward.domain.errors.services import InvalidServiceName as InvalidServiceName
from doorward.domain.errors.services import ServiceExists as ServiceExists
from doorward.domain.errors.services import ServiceMissing as ServiceMissing
from doorward.domain.errors.sessions import InvalidRefreshToken as InvalidRefreshToken
from doorward.domain.errors.sessions import KeptTokenReused as KeptTokenReused
from doorward.domain.errors.sessions import RefreshRepeatedTooOften as RefreshRepeatedTooOften
from doorward.domain.errors.sessions import RefreshTokenExpired as RefreshTokenExpired
from doorward.domain.errors.sessions import RefreshTokenMissing as RefreshTokenMissing
from doorward.domain.errors.sessions import RefreshTokenReused as RefreshTokenReused
from doorward.domain.errors.sessions import RefreshTokenUnknown as RefreshTokenUnknown
from doorward.domain.errors.sessions import RevocationsIncomplete as RevocationsIncomplete
from doorward.domain.errors.sessions import SessionMissing as SessionMissing
from doorward.domain.errors.storage import HashingBusy as HashingBusy
from doorward.domain.errors.storage import StorageBusy as StorageBusy
from doorward.domain.errors.storage import StorageMoved as StorageMoved
from doorward.domain.errors.storage import StorageUnavailable as StorageUnavailable
from doorward.domain.errors.storage import TransactionConflict as TransactionConflict
