"""The names of statements in the log. Their text would contain names of tables and grow with the number of values."""

import sys

from sqlalchemy import Executable

PACKAGE = "doorward.infrastructure.sql."
UNNAMED = "other"


def name_of(statement: Executable | str) -> str:
    """Return the module and the constant that hold a statement, such as `sessions.ADD`. A name is returned as it is.

    The look-up takes a while, and happens only for an error that is reported.
    """
    if isinstance(statement, str):
        return statement
    for path, module in list(sys.modules.items()):
        if path.startswith(PACKAGE):
            for name, value in vars(module).items():
                if value is statement:
                    return f"{path.removeprefix(PACKAGE)}.{name}"
    return UNNAMED
