"""How commands name an account: by its id or username or, where the operator says so, by its email."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, final

import click

from doorward.application.accounts.identify_user import IdentifyUser
from doorward.domain.accounts.user import User
from doorward.domain.errors import EmailUnproven
from doorward.interfaces.cli.running import CommandContext

P = ParamSpec("P")


@final
@dataclass(frozen=True, slots=True)
class AccountName:
    """The account that a command is about, as it was typed."""

    text: str
    is_email: bool
    unverified: bool

    async def find(self, context: CommandContext) -> User:
        """Return the account. Raise AccountMissing, InvalidEmail, or EmailUnproven with what to write instead."""
        identify = await context.get(IdentifyUser)
        try:
            if self.is_email:
                return await identify.by_email(self.text, unverified=self.unverified)
            return await identify(self.text)
        except EmailUnproven as refused:
            listing = f"`doorward users list --query {shlex.quote(self.text)}` shows its username and its id."
            anyway = "To take this address all the same, add --email --unverified."
            raise EmailUnproven(f"{refused} {listing} {anyway}") from None


def account_name(command: Callable[Concatenate[AccountName, P], None]) -> Callable[..., None]:
    """Give a command the argument USER and its options, as an AccountName."""

    @click.argument("user", metavar="USER")
    @click.option("--email", "is_email", is_flag=True, help="USER is an email address.")
    @click.option("--unverified", is_flag=True, help="With --email: take an address that nobody has verified.")
    @wraps(command)
    def with_name(user: str, is_email: bool, unverified: bool, *args: P.args, **options: P.kwargs) -> None:  # noqa: FBT001 click passes flags so
        command(AccountName(user, is_email, unverified), *args, **options)

    return with_name
