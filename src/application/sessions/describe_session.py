from dataclasses import dataclass
from typing import final

from doorward.application.change_feed.own_accounts import OwnAccount, OwnAccounts
from doorward.application.sessions.list_sessions import ListedSession
from doorward.domain.access.principal import Principal
from doorward.domain.errors import InvalidToken
from doorward.domain.sessions.session import SessionPolicy


@final
@dataclass(frozen=True, slots=True)
class DescribeSession:
    """Returns the signed-in account and the session of the request."""

    accounts: OwnAccounts
    policy: SessionPolicy

    async def __call__(self, by: Principal) -> tuple[OwnAccount, ListedSession]:
        """Raise InvalidToken if the session has just ended."""
        session = await self.accounts.session(by.session_id)
        account = await self.accounts.account(by.user_id)
        if session is None or account is None:
            raise InvalidToken
        return account, ListedSession(session, session.ends_at(self.policy))
