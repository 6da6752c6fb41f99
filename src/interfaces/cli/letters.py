"""`doorward letters`: the outbox, and a test of the way to the mail server."""

from collections.abc import Sequence
from uuid import UUID

import click

from doorward.application.letters.find_letter import FindLetter
from doorward.application.letters.list_letters import ListLetters
from doorward.application.letters.retry_letter import RetryLetter
from doorward.application.letters.send_test_letter import SendTestLetter
from doorward.domain.ids import LetterId
from doorward.domain.letters.language import DEFAULT_LANGUAGE, LANGUAGES, Language
from doorward.domain.letters.letter import Letter, LetterState
from doorward.infrastructure.settings.data_dir import letters_folder
from doorward.infrastructure.settings.settings import Settings
from doorward.interfaces.cli.output import json_option, print_json, print_table, rfc3339
from doorward.interfaces.cli.running import CommandContext, run

MAX_LISTED = 1_000


@click.group()
def letters() -> None:
    """List the letters of the last days, send one again, and test the mail server."""


@letters.command(name="list")
@click.option("--state", type=click.Choice([state.value for state in LetterState]), help="Only letters in this state.")
@click.option("--limit", type=click.IntRange(1, MAX_LISTED), default=50, show_default=True, help="How many at most.")
@json_option
def list_letters(state: str | None, limit: int, as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """List letters, the latest first. Letters that were sent or given up are kept for a week."""

    async def work(context: CommandContext) -> Sequence[Letter]:
        return await (await context.get(ListLetters))(limit, LetterState(state) if state else None)

    found = [as_object(letter) for letter in run(work)]
    if as_json:
        print_json({"letters": found})
        return
    shown = ("id", "kind", "recipient", "state", "attempts", "createdAt", "reason")
    headings = ("ID", "KIND", "RECIPIENT", "STATE", "ATTEMPTS", "CREATED", "REASON")
    print_table(headings, [[str(each[name] or "") for name in shown] for each in found])


@letters.command()
@click.argument("letter_id", type=click.UUID)
@json_option
def show(letter_id: UUID, as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """Show one letter. Its text and its link are not stored: both are made when it is sent."""

    async def work(context: CommandContext) -> Letter:
        return await (await context.get(FindLetter))(LetterId(letter_id))

    found = as_object(run(work))
    if as_json:
        print_json(found)
    else:
        print_table(("MEMBER", "VALUE"), [(name, str(value)) for name, value in found.items() if value is not None])


@letters.command()
@click.argument("letter_id", type=click.UUID)
def retry(letter_id: UUID) -> None:
    """Let a letter that waits or was given up be sent now. A running service sends it within two seconds."""

    async def work(context: CommandContext) -> Letter:
        return await (await context.get(RetryLetter))(LetterId(letter_id), context.now)

    letter = run(work)
    click.echo(f"The letter {letter.id} is due now.")


@letters.command(name="send-test")
@click.argument("address")
@click.option(
    "--language", type=click.Choice(LANGUAGES), default=DEFAULT_LANGUAGE, show_default=True, help="Its language."
)
def send_test(address: str, language: Language) -> None:
    """Send a letter to ADDRESS now, with the settings of the service, and say whether that worked."""

    async def work(context: CommandContext) -> Settings:
        await (await context.get(SendTestLetter))(address, language, context.now)
        return context.settings

    settings = run(work)
    went = f"to a file in {letters_folder(settings)}" if settings.mail is None else f"to {settings.mail.masked}"
    click.echo(f"A letter for {address} went {went}.")


def as_object(letter: Letter) -> dict[str, object]:
    """Return a letter for JSON."""
    return {
        "id": str(letter.id),
        "kind": letter.kind.value,
        "recipient": letter.recipient,
        "language": letter.language,
        "userId": str(letter.user_id) if letter.user_id else None,
        "state": letter.state.value,
        "attempts": letter.attempts,
        "reason": letter.reason or None,
        "createdAt": rfc3339(letter.created_at),
        "dueAt": rfc3339(letter.due_at) if letter.finished_at is None else None,
        "finishedAt": rfc3339(letter.finished_at) if letter.finished_at else None,
    }
