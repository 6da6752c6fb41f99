"""The composition root: which adapter implements which port, and which use cases there are.

To replace an adapter, change its line in `providers/`. To add a use case, add it to the tuple of its area.
"""

from dishka import AsyncContainer, Provider, Scope, ValidationSettings, make_async_container, provide_all
from dishka.exceptions import NothingOverriddenError

from doorward.application.access.authorize_from_cache import AuthorizeFromCache
from doorward.application.access.authorize_role import AuthorizeRole
from doorward.application.access.define_role import DefineRole
from doorward.application.access.explain_access import ExplainAccess
from doorward.application.access.find_role import FindRole
from doorward.application.access.grant_role import GrantRole
from doorward.application.access.has_admin import HasAdmin
from doorward.application.access.list_roles import ListRoles
from doorward.application.access.remove_role import RemoveRole
from doorward.application.access.revoke_role import RevokeRole
from doorward.application.accounts.change_password import ChangePassword
from doorward.application.accounts.confirm_password import ConfirmPassword
from doorward.application.accounts.create_user import CreateUser
from doorward.application.accounts.import_users import ImportUsers
from doorward.application.accounts.password_rules import PasswordRules
from doorward.application.accounts.prune_attempts import PruneAttempts
from doorward.application.accounts.request_password_reset import RequestPasswordReset
from doorward.application.accounts.reset_password import ResetPassword
from doorward.application.accounts.set_password import SetPassword
from doorward.application.accounts.unlock_user import UnlockUser
from doorward.application.adoption.adopt_accounts import AdoptAccounts
from doorward.application.services.authenticate_client import AuthenticateClient
from doorward.application.services.introspect_token import IntrospectToken
from doorward.application.services.list_services import ListServices
from doorward.application.services.register_service import RegisterService
from doorward.application.services.remove_service import RemoveService
from doorward.application.services.revoke_token import RevokeToken
from doorward.application.sessions.continue_session import ContinueSession
from doorward.application.sessions.describe_session import DescribeSession
from doorward.application.sessions.end_all_sessions import EndAllSessions
from doorward.application.sessions.end_other_sessions import EndOtherSessions
from doorward.application.sessions.end_session import EndSession
from doorward.application.sessions.issue_tokens import IssueTokens
from doorward.application.sessions.list_sessions import ListSessions
from doorward.application.sessions.prune_sessions import PruneSessions
from doorward.application.sessions.refresh_session import RefreshSession
from doorward.infrastructure.providers.accounts import ADMINISTRATION, OWN_ACCOUNT, AccountsProvider
from doorward.infrastructure.providers.audit import AUDIT, AuditProvider
from doorward.infrastructure.providers.change_feed import ChangeFeedProvider
from doorward.infrastructure.providers.email_addresses import EMAIL_ADDRESSES
from doorward.infrastructure.providers.letters import LETTERS, LettersProvider
from doorward.infrastructure.providers.maintenance import OPERATIONS, MaintenanceProvider
from doorward.infrastructure.providers.nodes import NODES, NodesProvider
from doorward.infrastructure.providers.passwords import PasswordsProvider
from doorward.infrastructure.providers.rate_limits import RateLimitsProvider
from doorward.infrastructure.providers.sign_in import SignInProvider
from doorward.infrastructure.providers.storage import StorageProvider
from doorward.infrastructure.providers.tokens import KEYS, TokensProvider
from doorward.infrastructure.settings.settings import Settings

ACCOUNTS = (
    CreateUser,
    ImportUsers,
    PruneAttempts,
    UnlockUser,
    ConfirmPassword,
    ChangePassword,
    SetPassword,
    RequestPasswordReset,
    ResetPassword,
    PasswordRules,
    AdoptAccounts,
)
SESSIONS = (
    IssueTokens,
    RefreshSession,
    ContinueSession,
    DescribeSession,
    ListSessions,
    EndSession,
    EndOtherSessions,
    EndAllSessions,
    PruneSessions,
)
ACCESS = (
    AuthorizeFromCache,
    AuthorizeRole,
    ExplainAccess,
    HasAdmin,
    GrantRole,
    RevokeRole,
    FindRole,
    ListRoles,
    DefineRole,
    RemoveRole,
)
SERVICES = (RegisterService, ListServices, RemoveService, AuthenticateClient, IntrospectToken, RevokeToken)


USE_CASES = (
    *ACCOUNTS,
    *ADMINISTRATION,
    *OWN_ACCOUNT,
    *SESSIONS,
    *ACCESS,
    *KEYS,
    *SERVICES,
    *LETTERS,
    *EMAIL_ADDRESSES,
    *AUDIT,
    *NODES,
    *OPERATIONS,
)
"""The use cases that are made of ports, policies and other use cases alone."""


class UseCases(Provider):
    scope = Scope.APP
    all = provide_all(*USE_CASES)


def make_container(settings: Settings, *overrides: Provider) -> AsyncContainer:
    """Return the container. It opens nothing until something is requested; `await container.close()` closes all.

    `overrides` provide other adapters for some ports, as tests need them. Raise TypeError for what is no provider, and
    an error of dishka for a method with `override=True` whose return annotation names nothing that is there to replace.
    """
    for each in overrides:
        if not isinstance(each, Provider):
            raise TypeError(f"Overrides are providers of dishka, as in [MyProvider()], and {each!r} is none.")
    try:
        return make_async_container(
            StorageProvider(settings),
            PasswordsProvider(settings),
            AccountsProvider(settings),
            TokensProvider(settings),
            ChangeFeedProvider(settings),
            LettersProvider(settings),
            AuditProvider(settings),
            MaintenanceProvider(),
            NodesProvider(settings),
            SignInProvider(settings),
            RateLimitsProvider(settings),
            UseCases(),
            *overrides,
            validation_settings=ValidationSettings(nothing_overridden=True),
        )
    except NothingOverriddenError as error:
        error.add_note("In Doorward: name the port in the return annotation of that method, and not the adapter.")
        raise
