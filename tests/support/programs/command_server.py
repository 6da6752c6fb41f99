"""Runs commands of `doorward`, each in a forked process of its own, on behalf of `command_line.py`.

Importing the program takes most of a command's time, and of a server's start. It is imported once here, and each
command is run by a fork, which calls the same `main` with its own arguments, environment, folder, standard files and
exit code.

Reads one JSON object per line from standard input, and answers each with a line of JSON. What a command shall read from
its standard input is in the object and must fit into a pipe.
"""

import gc
import json
import os
import sys
from typing import Any

import dishka.integrations.base
import litestar.openapi

import doorward.infrastructure.container
import doorward.infrastructure.log.configure
import doorward.infrastructure.log.security_log
import doorward.infrastructure.mail.file_mailer
import doorward.infrastructure.mail.smtp_mailer
import doorward.infrastructure.rate_limits.window_rate_limiter
import doorward.infrastructure.security.argon2_libraries
import doorward.infrastructure.security.password_strength
import doorward.infrastructure.sql.adapter
import doorward.infrastructure.sql.migrations.run
import doorward.infrastructure.sql.storage
import doorward.interfaces.cli.commands
import doorward.interfaces.cli.server
import doorward.interfaces.start_preparation
from doorward.interfaces.cli.main import main
from support.programs.cheap_hashes import use_cheap_hashes

PRELOADED = (
    dishka.integrations.base,
    litestar.openapi,
    doorward.infrastructure.container,
    doorward.infrastructure.log.configure,
    doorward.infrastructure.rate_limits.window_rate_limiter,
    doorward.infrastructure.sql.migrations.run,
    doorward.infrastructure.security.argon2_libraries,
    doorward.infrastructure.security.password_strength,
    doorward.infrastructure.log.security_log,
    doorward.infrastructure.mail.file_mailer,
    doorward.infrastructure.mail.smtp_mailer,
    doorward.infrastructure.sql.adapter,
    doorward.infrastructure.sql.storage,
    doorward.interfaces.cli.commands,
    doorward.interfaces.cli.server,
    doorward.interfaces.start_preparation,
)
"""All that takes long to import but `doorward.interfaces.main`: prometheus_client reads a command's environment when it
is imported."""


def serve() -> None:
    gc.freeze()  # so that no fork copies what is imported
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    for line in requests:
        match json.loads(line):
            case {"run": command}:
                answer = exit_code(start(command), os.WEXITED)
            case {"start": command}:
                answer = start(command)
            case {"poll": pid}:
                answer = exit_code(pid, os.WEXITED | os.WNOHANG)
        os.write(1, json.dumps(answer).encode() + b"\n")


def start(command: dict[str, Any]) -> int:
    """The id of the process that runs the command."""
    pid = os.fork()
    if pid == 0:
        run_command(command)
    return pid


def exit_code(pid: int, options: int) -> int | None:
    """The exit code, or the negative number of the signal that ended the process; None while it runs."""
    ended = os.waitid(os.P_PID, pid, options)
    if ended is None:
        return None
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def run_command(command: dict[str, Any]) -> None:
    """Become the command. It ends as every Python program does, so that what is registered for the exit is run."""
    os.setsid()
    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environment"])
    if os.environ.get("TEST_HASHES") == "cheap":
        use_cheap_hashes()
    sys.path[:0] = filter(None, command["environment"].get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = command["arguments"]
    reading, writing = os.pipe()
    os.write(writing, command["stdin"].encode("latin-1"))
    os.close(writing)
    appending = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    standard = [reading, *(os.open(command[name], appending) for name in ("stdout", "stderr"))]
    for descriptor, opened in enumerate(standard):
        os.dup2(opened, descriptor)
        os.close(opened)
    main()


if __name__ == "__main__":
    serve()
