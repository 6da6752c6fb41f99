"""The ports of letters: their repositories, the tokens of their links, and what sends them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from doorward.domain.ids import LetterId, UserId
from doorward.domain.letters.language import Language
from doorward.domain.letters.letter import Letter, LetterKind, LetterState
from doorward.domain.letters.link_token import LinkPurpose, LinkToken, LinkTokenHash
from doorward.domain.letters.undo_link import UndoLink


class LetterReader(Protocol):
    """Reads the outbox.

    Letters are stored until they are pruned, also after they were sent.
    """

    async def get(self, letter_id: LetterId) -> Letter | None:
        """Return the letter with this id, or None."""
        ...

    async def due(self, now: datetime, limit: int) -> Sequence[Letter]:
        """Return at most `limit` waiting letters that are due, those first that have been due for the longest time."""
        ...

    async def latest(self, limit: int, state: LetterState | None = None) -> Sequence[Letter]:
        """Return at most `limit` letters, of this state if one is given, the latest first."""
        ...

    async def of_user(self, user_id: UserId, limit: int) -> Sequence[Letter]:
        """Return at most `limit` letters to the holder of the account, the latest first. A letter that somebody asked
        for by its address is among them once it is being sent."""
        ...


class LetterRepository(LetterReader, Protocol):
    async def add(self, letter: Letter) -> bool:
        """Return False, and store nothing, if there is a letter with the same slot."""
        ...

    async def save(self, letter: Letter) -> bool:
        """Save everything but the slot and the time of creation. Return False, and save nothing, unless the stored
        version is the one before `letter.version`. Of several transactions that save the same version, one succeeds."""
        ...

    async def remove(self, letter_id: LetterId) -> bool:
        """Return whether there was such a letter."""
        ...

    async def prune(self, finished_before: datetime, limit: int) -> int:
        """Delete at most `limit` letters that were sent or given up before that time, and return how many."""
        ...


class LinkTokenReader(Protocol):
    async def find(self, token_hash: LinkTokenHash) -> LinkToken | None:
        """Return the token with this hash, also if it has expired."""
        ...

    async def of_user(self, user_id: UserId) -> Sequence[LinkToken]:
        """Return the tokens of the account, by their purposes."""
        ...

    async def of_account(self, user_id: UserId, purpose: LinkPurpose) -> LinkToken | None:
        """Return the token of the account for this purpose, also if it has expired."""
        ...


class LinkTokenRepository(LinkTokenReader, Protocol):
    async def put(self, token: LinkToken) -> None:
        """Store the token in place of an older one of the same account and purpose. Raise AccountMissing if there is no
        such account. The caller holds the account (`UserRepository.lock`)."""
        ...

    async def spend(self, token_hash: LinkTokenHash) -> bool:
        """Delete the token and return whether it was stored. Of several transactions that spend the same token, one
        succeeds."""
        ...

    async def void(self, user_id: UserId) -> None:
        """Delete all tokens of the account. The caller holds the account."""
        ...

    async def prune(self, expired_before: datetime, limit: int) -> int:
        """Delete at most `limit` tokens that expired before that time, and return how many."""
        ...


class UndoLinkReader(Protocol):
    async def find(self, token_hash: LinkTokenHash) -> UndoLink | None:
        """Return the link with the token that has this hash, also if it has expired."""
        ...

    async def of_account(self, user_id: UserId) -> Sequence[UndoLink]:
        """Return the links of the account in the order of the keys of their addresses."""
        ...

    async def is_reserved(self, address_key: str, other_than: UserId, now: datetime) -> bool:
        """Return whether a link that has not expired restores the address to another account than `other_than`.

        The caller that gives an address to an account asks after storing it, in the same transaction. Then of two
        transactions, one of which gives the address up, one waits for the other.
        """
        ...


class UndoLinkRepository(UndoLinkReader, Protocol):
    async def put(self, link: UndoLink) -> None:
        """Store the link in place of an older one of the same account and address. Raise AccountMissing if there is no
        such account. The caller holds the account (`UserRepository.lock`)."""
        ...

    async def void(self, user_id: UserId) -> None:
        """Delete all links of the account. The caller holds the account."""
        ...

    async def void_since(self, link: UndoLink) -> None:
        """Delete this link, and those of the same account that do not expire before it. The caller holds the
        account."""
        ...

    async def prune(self, expired_before: datetime, limit: int) -> int:
        """Delete at most `limit` links that expired before that time, and return how many."""
        ...


class LinkTokens(Protocol):
    """Generates and reads the tokens of links."""

    def generate(self) -> tuple[str, LinkTokenHash]:
        """Return a token of 256 random bits, and its hash to be stored.

        No two tokens are alike. The hash has 32 bytes, and does not contain the token.
        """
        ...

    def hash_of(self, value: str) -> LinkTokenHash | None:
        """Return the hash of a token that a client sent.

        Return None for a text that does not have the form of a token. Nothing is raised, whatever it contains.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterContents:
    """What a template needs to know. It exists while the letter is being sent."""

    letter_id: LetterId
    kind: LetterKind
    recipient: str
    language: Language
    username: str
    written_at: datetime
    """The time of the event that the letter reports."""
    sent_at: datetime
    """When this attempt to send it began."""
    token: str | None = field(default=None, repr=False)
    """The token of the link, for the kinds of letters that have one."""
    token_minutes: int = 0
    """How long that token or code is valid."""
    code: str | None = field(default=None, repr=False)
    """The code to sign in, for the kind of letter that has one."""
    details: Mapping[str, str] = field(default_factory=dict)
    """See Letter."""


class Mailer(Protocol):
    """Writes letters and hands them over."""

    async def send(self, contents: LetterContents) -> None:
        """Return when the letter was handed over, of whatever kind and in whatever language it is.

        Raise LetterUndelivered when that fails, and nothing else. The refusal contains neither the address nor the
        token of the letter. The same letter has the same Message-ID each time, so that mail programs recognise a
        repetition.
        """
        ...
