"""Runs a program of docs/verifying-tokens.md. A line of input is a kind and a token, a line of output the verdict."""

import json
import runpy
import sys
import time
from typing import Any


def wait(seconds: int) -> None:
    """Move the clock that measures the age of the keys."""
    before = time.monotonic
    time.monotonic = lambda: before() + seconds


def verdict(program: dict[str, Any], kind: str, token: str) -> str:
    if kind == "later":
        wait(int(token))
        return "waited"
    try:
        if kind == "list":
            program["revocations"].read(token)
            return "accepted"
        return f"accepted {program['verify'](token)['sub']}"
    except program["Invalid"] as error:
        return f"invalid {type(error.__cause__ or error).__name__}"
    except program["Unavailable"] as error:
        return f"unavailable {type(error.__cause__ or error).__name__}"


def main() -> None:
    program = runpy.run_path(sys.argv[1])
    program["start"]()
    for line in sys.stdin:
        kind, token = json.loads(line)
        print(verdict(program, kind, token), flush=True)  # noqa: T201 it is read by the test


main()
