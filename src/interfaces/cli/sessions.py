"""`doorward sessions`: list and end the sessions of an account."""

import sys
from collections.abc import Mapping, Sequence
from uuid import UUID

import click

from doorward.application.sessions.end_all_sessions import EndAllSessions
from doorward.application.sessions.end_session import EndSession
from doorward.application.sessions.list_sessions import ListedSession, ListSessions
from doorward.domain.access.actor import OPERATOR
from doorward.domain.accounts.user import User
from doorward.domain.ids import SessionId
from doorward.interfaces.cli.account_names import AccountName, account_name
from doorward.interfaces.cli.output import json_option, print_json, print_table, rfc3339
from doorward.interfaces.cli.running import CommandContext, run


@click.group()
def sessions() -> None:
    """List and end the sessions of an account. USER is an id or a username."""


@sessions.command(name="list")
@account_name
@json_option
def list_sessions(account: AccountName, as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """List the sessions of an account, the latest sign-in first."""

    async def work(context: CommandContext) -> Sequence[ListedSession]:
        user = await account.find(context)
        return await (await context.get(ListSessions))(user.id, context.now)

    found = [as_object(listed) for listed in run(work)]
    if as_json:
        print_json({"sessions": found})
    else:
        headings = ("ID", "SIGNED IN", "LAST USED", "ENDS", "KEEPS TOKEN", "ADDRESS", "USER AGENT")
        print_table(headings, [as_row(each) for each in found])


@sessions.command()
@account_name
@click.argument("session_id", metavar="[SESSION_ID]", type=click.UUID, required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
def end(account: AccountName, session_id: UUID | None, yes: bool) -> None:  # noqa: FBT001 click passes flags so
    """End one session of an account or, without SESSION_ID, all of them. On a terminal it asks before it ends all.

    Every node rejects the tokens of these sessions within a second.
    """
    if session_id is None and not yes and sys.stdin.isatty():
        click.confirm(f"End every session of {account.text}?", abort=True, err=True)

    async def work(context: CommandContext) -> tuple[User, int]:
        user = await account.find(context)
        if session_id is None:
            return user, await (await context.get(EndAllSessions))(user.id, OPERATOR)
        await (await context.get(EndSession))(user.id, SessionId(session_id), OPERATOR)
        return user, 1

    user, ended = run(work)
    click.echo(f"Ended {ended} session{'' if ended == 1 else 's'} of {user.username.value}.")


def as_object(listed: ListedSession) -> dict[str, str | bool]:
    """Return a session with the members that the API uses, except `current`: a command has no session of its own."""
    session = listed.session
    return {
        "id": str(session.id),
        "createdAt": rfc3339(session.started_at),
        "lastUsedAt": rfc3339(session.last_used_at),
        "expiresAt": rfc3339(listed.ends_at),
        "keepsToken": session.keeps_token,
        "address": session.device.address,
        "userAgent": session.device.user_agent,
    }


def as_row(session: Mapping[str, str | bool]) -> list[str]:
    """Return the members of a session as cells of a table."""
    return [cell if isinstance(cell, str) else "yes" if cell else "no" for cell in session.values()]
