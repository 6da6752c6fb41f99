"""`doorward adopt`: bring the accounts of another system along, with the passwords that people have."""

import re
import sys
from typing import BinaryIO

import click

from doorward.application.adoption.adopt_accounts import AdoptAccounts
from doorward.application.adoption.report import AdoptionProgress, AdoptionReport
from doorward.application.adoption.wishes import Wishes
from doorward.domain.access.actor import OPERATOR
from doorward.domain.errors import AdoptionRefused, DomainError
from doorward.infrastructure.quantity import quantity
from doorward.interfaces.cli.adoption_report import print_report, report_object
from doorward.interfaces.cli.output import EXIT_REFUSED, EXIT_UNUSABLE, json_option, print_json, refuse
from doorward.interfaces.cli.running import CommandContext, current_settings, run

SYSTEMS = ("tutorial", "django", "supabase", "better-auth", "fastapi-users", "keycloak")
"""A tuple of its own, because the module of the sources takes long to import. A test compares both."""

READ_FROM_FILES = frozenset({"keycloak"})

SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
HOW_TO_CONTINUE = "Run it again to continue: whoever came is left alone."


@click.command()
@click.argument("system", type=click.Choice(SYSTEMS), metavar="SYSTEM")
@click.argument("where", default="", metavar="[WHERE]")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--map", "map_file", type=click.File("rb"), help="Other names and addresses for single accounts.")
@click.option("--name", default="", help="The name of the source, if there are several of a system.")
@json_option
def adopt(
    system: str,
    where: str,
    dry_run: bool,  # noqa: FBT001 click passes flags so
    map_file: BinaryIO | None,
    name: str,
    as_json: bool,  # noqa: FBT001 click passes flags so
) -> None:
    """Bring the accounts of another SYSTEM along, with the passwords that people have. It is only read.

    SYSTEM is tutorial, django, supabase, better-auth, fastapi-users or keycloak. WHERE is the URL of its database:
    mysql://USER:PASSWORD@HOST/NAME, sqlite:///PATH or postgresql://..., or for keycloak the file of an exported realm.
    With - it is read from standard input, so that no list of processes shows a password. Without WHERE it is the
    database of Doorward itself, if DOORWARD_TABLE_PREFIX keeps both apart.

    \b
        doorward adopt tutorial mysql://root:...@localhost/testdb --dry-run
        doorward adopt tutorial mysql://root:...@localhost/testdb

    It can be run again at any time: whoever came before is left alone, and whoever is new comes. A map has one JSON
    object per line, with the id that an account has there, and the username or email to come with, or "email": null to
    come without an address, or "leave": true.
    """
    name = name or system
    if not SOURCE_NAME.fullmatch(name):
        refuse("--name takes up to 64 lower-case letters, digits, dots, dashes and underscores", EXIT_UNUSABLE)
    bar = ProgressBar()
    try:
        report = run_adoption(system, location(system, where), name, read_map(map_file), bar, dry_run=dry_run)
    except KeyboardInterrupt:
        bar.end()
        refuse(f"stopped. {came(bar)}", EXIT_REFUSED)
    except AdoptionRefused as refused:
        bar.end()
        refuse(str(refused), EXIT_REFUSED)
    except DomainError as error:
        bar.end()
        refuse(f"{error} {came(bar)}", EXIT_REFUSED)
    bar.end()
    if as_json:
        print_json(report_object(report))
    else:
        print_report(report, dry_run=dry_run)
    if not report.complete:
        sys.exit(EXIT_REFUSED)


def came(bar: "ProgressBar") -> str:
    """Return what is in the database after an end in the middle. Whether the present part was stored is unknown."""
    adopted = quantity(bar.latest.adopted, "account") if bar.latest.adopted else "No account"
    return f"{adopted} came, or a few more. {HOW_TO_CONTINUE}"


def location(system: str, where: str) -> str:
    """Return the URL or the file of the other system."""
    if where == "-":
        return sys.stdin.readline().strip()
    if not where and system in READ_FROM_FILES:
        refuse(f"name the file to read: doorward adopt {system} FILE", EXIT_UNUSABLE)
    return where or current_settings().database_url


def read_map(file: BinaryIO | None) -> Wishes:
    if file is None:
        return {}
    from doorward.interfaces.cli.adoption_map import read_wishes  # noqa: PLC0415 heavy

    return read_wishes(file)


def run_adoption(
    system: str, where: str, name: str, wishes: Wishes, bar: "ProgressBar", *, dry_run: bool
) -> AdoptionReport:
    """Raise AdoptionRefused, another refusal, or StartRefused."""
    from doorward.infrastructure.adoption.sources import open_source  # noqa: PLC0415 heavy

    async def work(context: CommandContext) -> AdoptionReport:
        use_case = await context.get(AdoptAccounts)
        async with open_source(system, where, name) as source:
            return await use_case(source, wishes, context.now, by=OPERATOR, dry_run=dry_run, on_progress=bar)

    return run(work)


class ProgressBar:
    """Shows the progress on standard error if that is a terminal: first of looking at all accounts, then of adding."""

    def __init__(self) -> None:
        self.latest = AdoptionProgress(0)
        self._bar: click._termui_impl.ProgressBar[int] | None = None
        self._adding = False

    def __call__(self, progress: AdoptionProgress) -> None:
        before, self.latest = self.latest, progress
        if not sys.stderr.isatty():
            return
        adding = progress.adopted > 0
        if self._bar is None or adding != self._adding:
            self.end()
            self._adding = adding
            label = "Adopting" if adding else "Looking at the accounts"
            self._bar = click.progressbar(length=max(1, progress.total), label=label, file=sys.stderr)
            self._bar.render_progress()
        done = progress.adopted - before.adopted if adding else progress.checked - before.checked
        self._bar.update(done)

    def end(self) -> None:
        """End the line on which the progress is shown."""
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None
