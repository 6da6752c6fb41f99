"""The families of user agents from which an account has signed in, so that its owner is told of a new one."""

from collections.abc import Iterable, Sequence

from doorward.domain.sessions.agent_family import agent_family
from doorward.domain.sessions.session import Session

MAX_FAMILIES = 32
"""The number of families that are remembered for an account. One more takes the place of the oldest."""


def families_of(sessions: Iterable[Session]) -> Sequence[str]:
    """Return the families of these sessions, each once, in their order."""
    user_agents = dict.fromkeys(session.device.user_agent for session in sessions)
    return list(dict.fromkeys(map(agent_family, user_agents)))


def remembered(known: Sequence[str], more: Sequence[str]) -> Sequence[str]:
    """Return all of them, each once, those of `more` last, and at most MAX_FAMILIES of the last ones."""
    added = list(dict.fromkeys(more))
    return [*(family for family in known if family not in added), *added][-MAX_FAMILIES:]
