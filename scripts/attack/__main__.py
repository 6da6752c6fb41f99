"""Attack a running Doorward on loopback, and print a table of what was sent and what came back.

Usage: python -m attack [URL] [--short]

Without a URL a service is started, with SQLite in a temporary folder, and stopped afterwards. With one, ATTACK_USERNAME
and ATTACK_PASSWORD name an admin of that service. The exit code is 1 if something did not hold, 2 for wrong usage.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2

from attack.accounts import expensive_imported_hashes, guesses_and_the_log, guesses_at_once, unproven_addresses
from attack.late_requests import grants_of_a_demoted_admin, requests_that_outlive_their_session
from attack.long_polls import long_polls_of_one_address
from attack.parsers import worst_requests
from attack.row import Row, exit_code, table
from attack.sessions import flood_of_sessions, replays_of_a_spent_refresh_token
from attack.target import NoAdmin, NotLoopback, RunningService, Target, loopback_url
from attack.tokens import forged_tokens
from attack.wire import malformed_requests, odd_targets, unknown_hosts
from support.programs.command_line import UNLIMITED, Doorward
from support.programs.processes import free_port
from support.programs.server_process import Server, serving

Attack = Callable[[Target], Iterator[Row]]

ATTACKS: Sequence[Attack] = (
    malformed_requests,
    odd_targets,
    unknown_hosts,
    worst_requests,
    forged_tokens,
    requests_that_outlive_their_session,
    grants_of_a_demoted_admin,
    replays_of_a_spent_refresh_token,
    long_polls_of_one_address,
    unproven_addresses,
    expensive_imported_hashes,
    guesses_at_once,
    guesses_and_the_log,
    flood_of_sessions,
)


@contextmanager
def own_target(*, short: bool) -> Iterator[Target]:
    """Start a service with the default settings, but without the limits of one address, from which all attacks come. It
    is stopped when the block ends."""
    with tempfile.TemporaryDirectory(prefix="doorward-attack-") as folder:
        port = free_port()
        server = Server(port, Doorward.in_folder(Path(folder), port=str(port), **UNLIMITED))
        server.imports_anew = True
        with serving(server):
            yield Target(service=server, own=server, short=short)


@contextmanager
def given_target(url: str, *, short: bool) -> Iterator[Target]:
    """Attack a service that runs already, and delete the accounts that were made there."""
    service = RunningService(loopback_url(url), os.environ["ATTACK_USERNAME"], os.environ["ATTACK_PASSWORD"])
    target = Target(service=service, short=short)
    _ = service.admin
    try:
        yield target
    finally:
        target.clean_up()


def run(target: Target, attacks: Sequence[Attack]) -> list[Row]:
    """Run each attack. Tell on standard error which one runs."""
    rows = list[Row]()
    for attack in attacks:
        sys.stderr.write(f"{attack.__name__.replace('_', ' ')}\n")
        rows.extend(attack(target))
    return rows


def main(arguments: Sequence[str] | None = None, attacks: Sequence[Attack] = ATTACKS) -> int:
    parser = argparse.ArgumentParser(prog="python -m attack", description=__doc__)
    parser.add_argument("url", nargs="?")
    parser.add_argument("--short", action="store_true", help="each attack as small as it can be")
    given = parser.parse_args(arguments)
    try:
        with given_target(given.url, short=given.short) if given.url else own_target(short=given.short) as target:
            rows = run(target, attacks)
    except (NotLoopback, NoAdmin) as error:
        parser.error(str(error))
    except httpx2.ConnectError as error:
        parser.error(f"{given.url} cannot be reached: {error}")
    except KeyError as error:
        parser.error(f"Set {error.args[0]}: ATTACK_USERNAME and ATTACK_PASSWORD are those of an admin of that service.")
    sys.stdout.write(table(rows) + "\n")
    return exit_code(rows)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # an exception, so that the service is stopped
    sys.exit(main())
