"""`doorward audit`: list, export and verify the audit log."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import UUID

import click

from doorward.application.accounts.identify_user import IdentifyUser
from doorward.application.audit.export_audit import ExportAudit
from doorward.application.audit.list_audit import MAX_PAGE_SIZE, AuditPage, ListAudit
from doorward.application.audit.verify_audit import ExportEnd, Heads, Verification, Verified
from doorward.application.ports.audit import AuditQuery, AuditRecord
from doorward.application.ports.security_events import SecurityEvent
from doorward.domain.audit.sealed_entry import SERVICE_STREAM, AuditEntryId, AuditStream
from doorward.domain.errors import AccountMissing, AuditBroken
from doorward.domain.ids import UserId
from doorward.interfaces.cli.audit_file import end_line, entry_line, heading, read_export, stream_line
from doorward.interfaces.cli.output import json_option, print_json, print_table, rfc3339
from doorward.interfaces.cli.running import CommandContext, run

EVENTS = tuple(event.value for event in SecurityEvent)
SHOWN_STREAMS = 5

account_option = click.option(
    "--account", metavar="USER", help="Only entries about this account: its id or username; of a deleted one its id."
)


@click.group()
def audit() -> None:
    """List the changes of accounts, roles, sessions, services and keys, and prove that nobody altered the list."""


@audit.command(name="list")
@account_option
@click.option(
    "--actor", metavar="NAME", help="Only changes by this account or service, or by operator, system or visitor."
)
@click.option("--event", type=click.Choice(EVENTS), metavar="EVENT", help="Only this event, such as user_created.")
@click.option("--after", type=click.UUID, metavar="ID", help="Continue behind this entry.")
@click.option("--limit", type=click.IntRange(1, MAX_PAGE_SIZE), default=50, show_default=True, help="How many at most.")
@json_option
def list_entries(
    account: str | None,
    actor: str | None,
    event: str | None,
    after: UUID | None,
    limit: int,
    as_json: bool,  # noqa: FBT001 click passes flags so
) -> None:
    """List entries, the newest first."""

    async def work(context: CommandContext) -> AuditPage:
        query = AuditQuery(
            account=await account_id(context, account), actor=await actor_name(context, actor), event=event
        )
        return await (await context.get(ListAudit))(query, AuditEntryId(after) if after else None, limit)

    page = run(work)
    found = [as_object(record) for record in page.records]
    if as_json:
        print_json({"entries": found, "after": str(page.after) if page.after else None})
        return
    print_table(("AT", "EVENT", "ACCOUNT", "BY", "ADDRESS", "CHANGE"), [as_row(record) for record in page.records])
    if page.after:
        click.echo(f"More: --after {page.after}", err=True)


@audit.command()
@account_option
@click.option("--readable", is_flag=True, help="Add addresses and values, which identify people, with their proof.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="The file; standard output without it.")
def export(account: str | None, readable: bool, output: Path | None) -> None:  # noqa: FBT001 click passes flags so
    """Write the audit log in a form that `doorward audit verify` proves without a database.

    Keep the file where nobody can change it who can write to the database. Without --readable it identifies nobody.
    """

    async def work(context: CommandContext) -> ExportEnd:
        with opened(output) as file:
            entries = streams = 0
            print(heading(context.now), file=file)
            of = await account_id(context, account)
            async for each in (await context.get(ExportAudit))(of):
                if isinstance(each, AuditStream):
                    streams += 1
                    print(stream_line(each), file=file)
                else:
                    entries += 1
                    print(entry_line(each, readable=readable), file=file)
            end = ExportEnd(streams, entries)
            print(end_line(end), file=file)
        return end

    end = run(work)
    click.echo(f"Exported {end.entries} entries in {end.streams} streams.", err=True)


@audit.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--against",
    metavar="EARLIER",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="An earlier export, whose entries must still be there.",
)
def verify(file: Path, against: Path | None) -> None:
    """Prove an export. This needs neither the database nor the settings, and works on any machine.

    The exit code is 1 for a file that does not verify; the message names its first wrong line.
    """
    earlier: Heads = {}
    if against is not None:
        try:
            earlier = verified(against, {}).heads
        except AuditBroken as broken:
            raise click.ClickException(f"{against}: {broken}") from None
    result = verified(file, earlier)
    click.echo(f"{result.entries} entries in {len(result.heads)} streams verify.")
    if against is not None:
        click.echo(
            f"Of {len(earlier)} streams of {against}, {result.continued} go on from there, {result.pruned} have no "
            f"entries left to compare, and {len(result.missing)} are gone."
        )
        for stream in result.missing[:SHOWN_STREAMS]:
            click.echo(f"Gone: {stream}. Its entries were pruned, or somebody removed them.")


def verified(file: Path, earlier: Heads) -> Verified:
    """Return what the file proves. Raise AuditBroken."""
    from doorward.infrastructure.security.audit_sealing import opened as open_entry  # noqa: PLC0415 heavy

    with file.open("rb") as lines:
        return Verification(open_entry, earlier).of(read_export(lines))


@contextmanager
def opened(output: Path | None) -> Iterator[IO[str]]:
    if output is None:
        yield sys.stdout
    else:
        with output.open("w", encoding="utf-8") as file:
            yield file


async def account_id(context: CommandContext, text: str | None) -> UserId | None:
    """Return the id of the account. An id is taken as it is, since the account may be deleted."""
    if text is None:
        return None
    try:
        return UserId(UUID(text))
    except ValueError:
        return (await (await context.get(IdentifyUser))(text)).id


async def actor_name(context: CommandContext, text: str | None) -> str | None:
    """Return the name by which entries know who made a change: for the username of an account, its id."""
    if text is None:
        return None
    try:
        return str((await (await context.get(IdentifyUser))(text)).id)
    except AccountMissing:
        return text  # that of a service, of `operator`, or of an account that was deleted


def as_object(record: AuditRecord) -> dict[str, object]:
    """Return an entry with the members that the API uses."""
    entry = record.sealed
    return {
        "id": str(entry.id),
        "at": rfc3339(entry.at),
        "event": entry.event,
        "account": None if entry.stream == SERVICE_STREAM else str(entry.stream),
        "actor": entry.actor,
        "session": str(entry.session_id) if entry.session_id else None,
        "address": record.address,
        "before": record.before,
        "after": record.after,
        "erased": record.erased,
        "number": entry.number,
        "hash": entry.hash.hex(),
    }


def as_row(record: AuditRecord) -> list[str]:
    shown = as_object(record)
    names = sorted({*record.before, *record.after})
    change = "; ".join(f"{name}: {change_of(record, name)}" for name in names)
    cells = [str(shown[name] or "") for name in ("at", "event", "account", "actor", "address")]
    return [*cells, "(erased)" if record.erased and not change else change]


def change_of(record: AuditRecord, name: str) -> str:
    values = [str(values[name]) for values in (record.before, record.after) if name in values]
    return " -> ".join(values)
