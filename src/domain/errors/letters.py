"""Refusals about letters."""

from doorward.domain.errors.families import Conflict, DomainError, Invalid, Missing


class InvalidLink(Invalid):
    """The token of a link is unknown, used, replaced by a newer one or expired, or its account is disabled or has
    another address by now. The text is the same for all."""

    code = "invalid_link"
    field = "token"
    text = "This link is not valid any more. Ask for a new one."


class LetterMissing(Missing):
    code = "letter_not_found"
    text = "There is no such letter."


class LetterWasSent(Conflict):
    code = "letter_was_sent"
    text = "This letter was sent already."


class LetterUndelivered(DomainError):
    """A letter could not be handed over. The text says why, without the address and without what the server wrote.

    `final` states that another attempt would fail in the same way.
    """

    code = "letter_undelivered"

    def __init__(self, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.final = final
