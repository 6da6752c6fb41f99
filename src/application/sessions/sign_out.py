from dataclasses import dataclass
from typing import final

from doorward.application.sessions.end_session import EndSession
from doorward.domain.access.principal import Principal
from doorward.domain.errors import InvalidToken, SessionMissing


@final
@dataclass(frozen=True, slots=True)
class SignOut:
    """Ends the session of the request."""

    end: EndSession

    async def __call__(self, principal: Principal) -> None:
        """Raise InvalidToken if it has just ended, as the guard would a moment later."""
        try:
            await self.end(principal.user_id, principal.session_id, by=str(principal.user_id))
        except SessionMissing as missing:
            raise InvalidToken from missing
