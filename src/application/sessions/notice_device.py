from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from doorward.application.ports.storage import Transaction
from doorward.domain.accounts.user import User
from doorward.domain.letters.language import Language
from doorward.domain.letters.letter import Letter, LetterKind
from doorward.domain.sessions.agent_family import agent_family
from doorward.domain.sessions.known_agents import families_of, remembered
from doorward.domain.sessions.session import Session


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDevice:
    """Orders the letter that tells the holder of an account of a sign-in from a new device.

    A device is new if its user agent is of a family that the account has not shown before. The first sign-in of an
    account is told to nobody.
    """

    sends_letters: bool = True

    async def __call__(
        self, tx: Transaction, holder: User, session: Session, sessions: Sequence[Session], language: Language | None
    ) -> None:
        """Look at the session of a browser that has no device token of the account. `holder` is held, and `sessions`
        are all of the account. Nothing is read if one of the others has the same family, which is the usual case."""
        if not self.sends_letters:
            return
        family = agent_family(session.device.user_agent)
        others = families_of(other for other in sessions if other.id != session.id)
        if family in others:
            return
        known = remembered(await tx.known_agents.of_user(holder.id), others)
        if family in known:
            return
        await tx.known_agents.remember(holder.id, remembered(known, [family]))
        if known:
            details = {"agent": family, "address": session.device.address}
            spoken = holder.locale or language  # the request may be a stranger's
            await tx.letters.add(Letter.to_holder(LetterKind.NEW_DEVICE, holder, spoken, session.started_at, details))
