"""Runs commands of `doorward`, each in a forked process of its own, on behalf of `command_line.py`.

Importing the program takes most of a command's time. It is imported once here, and each command is run by a fork, which
calls the same `main` with its own arguments, environment, folder, standard files and exit code.

Reads one JSON object per line from standard input, and writes the exit code of each command as a line. What the command
shall read from its standard input is in the object and must fit into a pipe.
"""

import gc
import json
import os
import sys
from typing import Any

import doorward.infrastructure.container
import doorward.infrastructure.log.configure
import doorward.infrastructure.sql.migrations.run
import doorward.interfaces.cli.commands
from doorward.interfaces.cli.main import main

PRELOADED = (
    doorward.infrastructure.container,
    doorward.infrastructure.log.configure,
    doorward.infrastructure.sql.migrations.run,
    doorward.interfaces.cli.commands,
)


def serve() -> None:
    gc.freeze()  # so that no fork copies what is imported
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    for line in requests:
        process = os.fork()
        if process == 0:
            requests.close()
            run_command(json.loads(line))
        _, status = os.waitpid(process, 0)
        os.write(1, b"%d\n" % os.waitstatus_to_exitcode(status))


def run_command(command: dict[str, Any]) -> None:
    """Become the command. It ends as every Python program does, so that what is registered for the exit is run."""
    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environment"])
    sys.argv = command["arguments"]
    reading, writing = os.pipe()
    os.write(writing, command["stdin"].encode("latin-1"))
    os.close(writing)
    standard = [reading, *(os.open(command[name], os.O_WRONLY) for name in ("stdout", "stderr"))]
    for descriptor, opened in enumerate(standard):
        os.dup2(opened, descriptor)
        os.close(opened)
    main()


if __name__ == "__main__":
    serve()
