"""`doorward users`: create, show and change accounts."""

import sys
from datetime import datetime
from typing import Any

import click

from doorward.application.access.grant_role import GrantRole
from doorward.application.access.revoke_role import RevokeRole
from doorward.application.accounts.create_user import CreateUser
from doorward.application.accounts.delete_user import DeleteUser
from doorward.application.accounts.identify_user import IdentifyUser
from doorward.application.accounts.list_users import MAX_PAGE_SIZE, ListUsers, Page
from doorward.application.accounts.restore_user import RestoreUser
from doorward.application.accounts.set_password import SetPassword
from doorward.application.accounts.start_password_reset import StartPasswordReset
from doorward.application.accounts.unlock_user import UnlockUser
from doorward.application.accounts.update_user import UpdateUser, UserChanges
from doorward.application.accounts.vouch_for_email import VouchForEmail
from doorward.domain.access.actor import OPERATOR
from doorward.domain.access.role import parse_role_name
from doorward.domain.accounts.listing import Listing, Sort
from doorward.domain.accounts.suspension import Suspension
from doorward.domain.accounts.user import User
from doorward.domain.accounts.username import fold
from doorward.interfaces.cli.account_names import AccountName, account_name
from doorward.interfaces.cli.account_output import as_object, roles_text, state_of
from doorward.interfaces.cli.import_users import import_users
from doorward.interfaces.cli.invite import invite
from doorward.interfaces.cli.moments import Moment
from doorward.interfaces.cli.output import json_option, print_json, print_table, printable, rfc3339
from doorward.interfaces.cli.passwords import read_password
from doorward.interfaces.cli.running import CommandContext, run

role_argument = click.argument("role", metavar="ROLE")


@click.group()
def users() -> None:
    """Create, show and change accounts. USER is an id or a username."""


users.add_command(import_users)
users.add_command(invite)


@users.command()
@click.argument("username")
@click.option("--email", required=True, help="The account's email address.")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role in addition to `user`; repeatable.")
@json_option
def create(username: str, email: str, roles: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """Create an account, such as the first admin.

    The password is asked for on a terminal, else read from the first line of standard input:

    \b
        doorward users create ada --email ada@example.org --role admin
    """
    password = read_password()

    async def work(context: CommandContext) -> User:
        return await (await context.get(CreateUser))(username, email, password, context.now, by=OPERATOR, roles=roles)

    user = run(work)
    if as_json:
        print_json(as_object(user))
    else:
        click.echo(f"Created {user.username.value} ({user.id}) with {roles_text(user)}.")


@users.command(name="list")
@click.option("--query", default="", help="The beginning of a username, or of an email when it contains an @.")
@click.option("--role", default=None, help="Only accounts that have this role.")
@click.option("--disabled", is_flag=True, help="Only accounts that are disabled.")
@click.option("--deleted", is_flag=True, help="Only deleted accounts that can be restored, the latest first.")
@click.option("--sort", type=click.Choice([sort.value for sort in Sort]), help="Each filter has an order of its own.")
@click.option("--after", default=None, help="Continue after this, which the previous page ends with.")
@click.option("--limit", type=click.IntRange(1, MAX_PAGE_SIZE), default=MAX_PAGE_SIZE, show_default=True)
@json_option
def list_users(after: str | None, limit: int, as_json: bool, **asked: Any) -> None:  # noqa: FBT001 click passes flags so
    """List accounts in the order of their usernames, page by page. One filter at a time is offered."""

    async def work(context: CommandContext) -> Page:
        return await (await context.get(ListUsers))(context.now, listing(**asked), after, limit)

    page = run(work)
    if as_json:
        print_json({"users": [as_object(user) for user in page.users], "after": page.after})
        return
    print_table(
        ("USERNAME", "EMAIL", "ROLES", "STATE", "ID"),
        [
            (user.username.value, user.address or "-", " ".join(sorted(user.roles)), state_of(user), str(user.id))
            for user in page.users
        ],
    )
    if page.after is not None:
        click.echo(f"More: --after {page.after}", err=True)


@users.command()
@account_name
@json_option
def show(account: AccountName, as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """Show one account."""
    user = run(account.find)
    if as_json:
        print_json(as_object(user))
        return
    for label, value in as_object(user).items():
        text = " ".join(value) if isinstance(value, list) else "-" if value is None else str(value)
        click.echo(f"{label}: {printable(text)}")


@users.command()
@account_name
@click.option("--reason", default="", help="Why, in one line. Admins see it; the holder of the account does not.")
@click.option("--until", type=Moment(), help="When the account becomes enabled by itself, such as 2030-01-31T12:00Z.")
def disable(account: AccountName, reason: str, until: datetime | None) -> None:
    """Disable an account: refuse its sign-ins and end its sessions.

    Disabling it again takes the place of an earlier reason and end.
    """

    async def work(context: CommandContext) -> User:
        user = await account.find(context)
        changes = UserChanges(disabled=True, suspension=Suspension.parse(reason, until, context.now))
        return await (await context.get(UpdateUser))(user.id, changes, OPERATOR)

    user = run(work)
    end = f" until {rfc3339(user.suspension.until)}" if user.suspension and user.suspension.until else ""
    click.echo(f"Disabled {user.username.value}{end}.")


@users.command()
@account_name
def enable(account: AccountName) -> None:
    """Enable a disabled account, so that it can sign in again."""

    async def work(context: CommandContext) -> User:
        user = await account.find(context)
        return await (await context.get(UpdateUser))(user.id, UserChanges(disabled=False), OPERATOR)

    click.echo(f"Enabled {run(work).username.value}.")


@users.command()
@account_name
def unlock(account: AccountName) -> None:
    """Forget the wrong passwords that were tried for an account, so that it can sign in at once."""

    async def work(context: CommandContext) -> User:
        user = await account.find(context)
        await (await context.get(UnlockUser))(user, OPERATOR)
        return user

    click.echo(f"Unlocked {run(work).username.value}.")


@users.command()
@account_name
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(account: AccountName, yes: bool) -> None:  # noqa: FBT001 click passes flags so
    """Delete an account and end its sessions. On a terminal it asks first.

    `users restore` brings it back for as long as DOORWARD_DELETED_ACCOUNTS_DAYS says. Its name stays taken until then.
    """
    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete {account.text}?", abort=True, err=True)

    async def work(context: CommandContext) -> User:
        user = await account.find(context)
        await (await context.get(DeleteUser))(user.id, OPERATOR)
        return user

    click.echo(f"Deleted {run(work).username.value}.")


@users.command()
@click.argument("user", metavar="USER")
def restore(user: str) -> None:
    """Restore a deleted account, with its roles. USER is the id or the username that it had."""

    async def work(context: CommandContext) -> User:
        user_id = await (await context.get(IdentifyUser)).deleted(user)
        return await (await context.get(RestoreUser))(user_id, context.now, OPERATOR)

    click.echo(f"Restored {run(work).username.value}.")


@users.command()
@account_name
@role_argument
def grant(account: AccountName, role: str) -> None:
    """Grant a role to an account. This takes effect within a second, without a new sign-in."""

    async def work(context: CommandContext) -> User:
        user = await account.find(context)
        await (await context.get(GrantRole))(user.id, parse_role_name(role), context.now, OPERATOR)
        return user

    click.echo(f"{run(work).username.value} has the role {role}.")


@users.command()
@account_name
@role_argument
def revoke(account: AccountName, role: str) -> None:
    """Revoke a role from an account. This takes effect within a second."""

    async def work(context: CommandContext) -> User:
        user = await account.find(context)
        await (await context.get(RevokeRole))(user.id, parse_role_name(role), OPERATOR)
        return user

    click.echo(f"{run(work).username.value} no longer has the role {role}.")


@users.command(name="set-password")
@account_name
def set_password(account: AccountName) -> None:
    """Set the password of an account and end its sessions. A letter tells its holder.

    The password is asked for on a terminal, else read from the first line of standard input.
    """
    password = read_password()

    async def work(context: CommandContext) -> User:
        user = await account.find(context)
        await (await context.get(SetPassword))(user.id, password, context.now, OPERATOR)
        return user

    click.echo(f"{run(work).username.value} has a new password.")


@users.command(name="reset-password")
@account_name
def reset_password(account: AccountName) -> None:
    """Send the holder of an account the letter with a link to choose a new password."""

    async def work(context: CommandContext) -> User:
        user = await account.find(context)
        await (await context.get(StartPasswordReset))(user.id, OPERATOR, context.now)
        return user

    click.echo(f"A letter to {run(work).username.value} is on its way.")


@users.command(name="verify-email")
@account_name
def verify_email(account: AccountName) -> None:
    """Verify the email address of an account without a letter, because you know that it is right."""

    async def work(context: CommandContext) -> User:
        user = await account.find(context)
        await (await context.get(VouchForEmail))(user.id, OPERATOR, context.now)
        return user

    click.echo(f"The email address of {run(work).username.value} is verified.")


def listing(query: str, role: str | None, disabled: bool, deleted: bool, sort: str | None) -> Listing:  # noqa: FBT001 as above
    """Return the list that the options ask for."""
    return Listing(
        beginning=fold(query),
        role=None if role is None else parse_role_name(role),
        disabled=disabled or None,
        deleted=deleted,
        sort=Sort(sort) if sort else None,
    )
