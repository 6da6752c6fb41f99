"""The entry point of the command `doorward`. It imports nothing itself that a package with the server brings."""

import sys
from typing import NoReturn

from doorward.interfaces.cli.missing_packages import what_to_install

EXIT_UNUSABLE = 2


def main() -> NoReturn:
    """Run the program. If a package is missing, print one line that says what to install."""
    try:
        from doorward.interfaces.cli.main import main as run  # noqa: PLC0415 imports packages of the server

        run()
    except ModuleNotFoundError as error:
        sys.stderr.write(f"doorward: {what_to_install(error)}\n")
        sys.exit(EXIT_UNUSABLE)
