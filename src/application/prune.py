from dataclasses import dataclass
from typing import final

from doorward.application.accounts.prune_attempts import PruneAttempts
from doorward.application.letters.prune_letters import PruneLetters
from doorward.application.sessions.prune_sessions import PruneSessions


@final
@dataclass(frozen=True, slots=True)
class Prune:
    """The use cases that delete rows that are of no use any more."""

    sessions: PruneSessions
    attempts: PruneAttempts
    letters: PruneLetters
