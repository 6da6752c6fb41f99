"""Migrates a database, and kills the process that does it as `kill -9` does, before a chosen change.

Usage: killed_migrations.py URL

Each line of standard input is the number of a change, and is answered by how the process ended, as os.waitpid tells it.
With fewer changes it ends well, with 0. A change is a statement that does not only read.
"""

import asyncio
import os
import signal
import sys

from sqlalchemy import Engine, event

import doorward.infrastructure.sql.migrations.run  # noqa: F401 imported once, before the forks
from doorward.infrastructure.sql.schema import migrate
from doorward.infrastructure.sql.urls import DatabaseUrl

READING = ("SELECT", "SHOW", "DESCRIBE", "PRAGMA", "BEGIN", "COMMIT", "SET")


async def migrate_until(url: DatabaseUrl, last: int) -> None:
    changes = 0

    @event.listens_for(Engine, "before_cursor_execute")
    def count(_: object, __: object, statement: str, *___: object) -> None:
        nonlocal changes
        if statement.lstrip().upper().startswith(READING):
            return
        if changes == last:
            os.kill(os.getpid(), signal.SIGKILL)
        changes += 1

    await migrate(url)


def main(url: DatabaseUrl) -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(migrate_until(url, int(line)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(DatabaseUrl.parse(sys.argv[1]))
