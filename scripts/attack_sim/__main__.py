"""Simulate attacks on passwords, and print how many guesses reach the hash and how often an owner gets in.

Usage: python -m attack_sim [--seed NUMBER]

A day of each scenario, in process, with a clock that is moved, the default limits and one worker. It takes about a
minute. The same seed gives the same figures.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from attack_sim.scenarios import SEED, Result, Scale, simulate

HEAD = ("scenario", "guesses in the first hour", "guesses in a day", "the owner got in")


def table(results: Sequence[Result]) -> str:
    """Return the results as a Markdown table."""
    lines = [f"| {' | '.join(HEAD)} |", "|---|---|---|---|"]
    for each in results:
        got_in = f"{each.got_in} of {each.wanted} times" if each.wanted else ""
        guessed = each.guesses > 0
        numbers = (f"{each.first_hour:,}", f"{each.guesses:,}") if guessed else ("", "")
        lines.append(f"| {each.scenario} | {numbers[0]} | {numbers[1]} | {got_in} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None, scale: Scale | None = None) -> int:
    """Print the table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="attack_sim", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=SEED)
    seed = parser.parse_args(arguments).seed
    results = asyncio.run(simulate(seed, scale or Scale()))
    sys.stdout.write(f"Seed {seed}\n\n{table(results)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
