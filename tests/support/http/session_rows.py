"""Many sessions without as many sign-ins: rows written to a server's database, and their tokens."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from doorward.domain.ids import UserId
from doorward.domain.sessions.session import UNKNOWN_DEVICE, Session, new_session_id
from doorward.infrastructure.security.master_secret import checked
from doorward.infrastructure.security.refresh_tokens import DerivedRefreshTokens
from doorward.infrastructure.sql.storage import SqlStorage
from doorward.infrastructure.sql.urls import DatabaseUrl
from doorward.testing.storage_access import put
from support.http.barrier import Crowd, refreshing
from support.http.raw_http import Response
from support.http.service import Account
from support.programs.server_process import Server


def open_sessions(server: Server, account: Account, clients: Crowd) -> list[Account]:
    """A session of the account for each client. The server's settings must name its secret and its database."""
    tokens = asyncio.run(add_rows(server, UserId(UUID(account.id)), len(clients.connections)))
    answers = clients.at_once([refreshing(token) for token in tokens])
    return [refreshed(account, answer) for answer in answers]


async def add_rows(server: Server, user_id: UserId, count: int) -> Sequence[str]:
    """Add sessions to the database; their refresh tokens."""
    made = DerivedRefreshTokens(checked(server.environment["DOORWARD_SECRET_KEY"], "DOORWARD_SECRET_KEY"))
    now = datetime.now(UTC)
    tokens = [made.first(new_session_id(now)) for _ in range(count)]
    storage = SqlStorage.open(DatabaseUrl.parse(server.environment["DOORWARD_DATABASE_URL"]))
    try:
        await put(
            storage, *(Session.opened(each.session_id, user_id, each.hash, UNKNOWN_DEVICE, now) for each in tokens)
        )
    finally:
        await storage.close()
    return [token.value for token in tokens]


def refreshed(account: Account, answer: Response) -> Account:
    """The account with the tokens from the answer to a refresh."""
    assert answer.status == 200, answer.body
    body = json.loads(answer.body)
    return replace(account, token=body["accessToken"], refresh_token=body["refreshToken"])
