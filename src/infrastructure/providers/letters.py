"""The adapters that write and send letters, and the use cases that need them.

Those that write are imported when they are asked for, so that a container with another mailer does not need them.
"""

from collections.abc import AsyncIterator
from typing import final

from dishka import Provider, Scope, provide

from doorward.application.letters.find_letter import FindLetter
from doorward.application.letters.letter_sender import LetterSender
from doorward.application.letters.list_letters import ListLetters
from doorward.application.letters.prepare_letter import PrepareLetter
from doorward.application.letters.prune_letters import PruneLetters
from doorward.application.letters.retry_letter import RetryLetter
from doorward.application.letters.send_test_letter import SendTestLetter
from doorward.application.ports.letters import LinkTokens, Mailer
from doorward.domain.accounts.email_verification import EmailVerification
from doorward.infrastructure.adapters.mail_adapter import MailOptions
from doorward.infrastructure.mail.links import Links
from doorward.infrastructure.mail.sender import Sender
from doorward.infrastructure.security.link_tokens import RandomLinkTokens
from doorward.infrastructure.settings.data_dir import letters_folder
from doorward.infrastructure.settings.reachability import is_for_this_machine
from doorward.infrastructure.settings.settings import Settings

LETTERS = (
    PrepareLetter,
    LetterSender,
    PruneLetters,
    FindLetter,
    ListLetters,
    RetryLetter,
    SendTestLetter,
)
"""The use cases of letters."""


@final
class LettersProvider(Provider):
    scope = Scope.APP

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    @provide
    def link_tokens(self) -> LinkTokens:
        return RandomLinkTokens()

    @provide
    def email_verification(self) -> EmailVerification:
        return EmailVerification(self.settings.email_verification)

    @provide
    async def mailer(self) -> AsyncIterator[Mailer]:
        from doorward.infrastructure.mail.file_mailer import FileMailer  # noqa: PLC0415 see above
        from doorward.infrastructure.mail.templates import LetterTemplates  # noqa: PLC0415

        settings, links = self.settings, Links(self.settings.public_url)
        templates, sender = LetterTemplates(links, settings.templates), Sender.parse(settings.mail_from)
        adapter = settings.mail
        if adapter is None:
            yield FileMailer(templates, sender, letters_folder(settings), logs_links=is_for_this_machine(settings))
            return
        async with adapter.open(MailOptions(templates=templates, sender=sender, own_name=links.own_name)) as mailer:
            yield mailer
