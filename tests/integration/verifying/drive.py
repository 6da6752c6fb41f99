"""Runs a program of docs/verifying-tokens.md. A line of input is a kind and a token, a line of output the verdict."""

import runpy
import sys
from typing import Any


def verdict(program: dict[str, Any], kind: str, token: str) -> str:
    try:
        if kind == "list":
            program["revocations"].read(token)
            return "accepted"
        return f"accepted {program['verify'](token)['sub']}"
    except Exception as error:  # noqa: BLE001 whatever it is, the token was not accepted
        return f"refused {type(error).__name__}"


def main() -> None:
    program = runpy.run_path(sys.argv[1])
    program["start"]()
    for line in sys.stdin:
        kind, _, token = line.strip().partition(" ")
        print(verdict(program, kind, token), flush=True)  # noqa: T201 it is read by the test


main()
