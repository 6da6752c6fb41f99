"""Runs a program of docs/verifying-tokens.md. A line of input is a kind and a token, a line of output the verdict."""

import json
import runpy
import sys

from doorward.guard import Guard, InvalidToken, Unavailable
from doorward.guard.clock import MachineClock


def wait(seconds: int) -> None:
    """Move the clock that measures the age of the keys."""
    before = MachineClock.monotonic
    MachineClock.monotonic = staticmethod(lambda: before() + seconds)


def verdict(guard: Guard, kind: str, token: str) -> str:
    if kind == "later":
        wait(int(token))
        return "waited"
    try:
        if kind == "list":
            read(guard, token)
            return "accepted"
        return f"accepted {guard.verify(token).subject}"
    except (InvalidToken, ValueError) as error:
        return f"invalid {type(error.__cause__ or error).__name__}"
    except Unavailable as error:
        return f"unavailable {type(error.__cause__ or error).__name__}"


def read(guard: Guard, document: str) -> None:
    """Read a list as the guard does that it has fetched itself."""
    guard.start()
    follows = guard._here()  # noqa: SLF001 the document has no part that takes a list
    follows.revocations.read(document, follows.keys.key_of, guard.clock.now())


def main() -> None:
    guard: Guard = runpy.run_path(sys.argv[1])["guard"]
    for line in sys.stdin:
        kind, token = json.loads(line)
        print(verdict(guard, kind, token), flush=True)  # noqa: T201 it is read by the test


main()
