"""`doorward users invite`."""

import click

from doorward.application.accounts.invite_user import InviteUser
from doorward.domain.access.actor import OPERATOR
from doorward.domain.accounts.invitation import Invitation
from doorward.domain.letters.language import LANGUAGES, Language
from doorward.interfaces.cli.output import rfc3339
from doorward.interfaces.cli.running import CommandContext, run


@click.command()
@click.argument("email")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role in addition to `user`; repeatable.")
@click.option("--locale", type=click.Choice(LANGUAGES), help="The language of the letter.")
def invite(email: str, roles: tuple[str, ...], locale: Language | None) -> None:
    """Invite somebody to create an account, by a letter with a link that is valid for 7 days.

    A running service sends the letter, unless the address has an account.
    """

    async def work(context: CommandContext) -> Invitation:
        return await (await context.get(InviteUser))(email, roles, locale, context.now, by=OPERATOR)

    invitation = run(work)
    click.echo(f"Invited {invitation.email.value} until {rfc3339(invitation.expires_at)}.")
