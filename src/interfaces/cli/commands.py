"""The command `doorward` with all of its subcommands."""

import click

from doorward.interfaces.cli.adopt import adopt
from doorward.interfaces.cli.audit import audit
from doorward.interfaces.cli.backup import backup
from doorward.interfaces.cli.doctor import doctor
from doorward.interfaces.cli.keys import keys
from doorward.interfaces.cli.letters import letters
from doorward.interfaces.cli.migrate import migrate
from doorward.interfaces.cli.restore import restore
from doorward.interfaces.cli.roles import roles
from doorward.interfaces.cli.serve import serve
from doorward.interfaces.cli.services import services
from doorward.interfaces.cli.sessions import sessions
from doorward.interfaces.cli.settings import settings
from doorward.interfaces.cli.users import users


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Settings come from the environment and from .env: see `doorward settings`. "
    "Exit codes: 0 done, 1 refused or something found wrong, 2 wrong usage or settings.",
)
@click.version_option(package_name="doorward", message="%(prog)s %(version)s")
def cli() -> None:
    """Sign-up, sign-in, JWT and roles as a service."""


COMMANDS = (
    serve,
    migrate,
    users,
    roles,
    sessions,
    keys,
    services,
    letters,
    audit,
    settings,
    doctor,
    adopt,
    backup,
    restore,
)

for command in COMMANDS:
    cli.add_command(command)
