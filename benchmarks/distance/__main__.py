"""Measure single requests to a node whose database is 0, 20, 60 and 120 ms away, and print a table.

Usage: python -m distance [full|quick]
"""

import argparse
import sys
import tempfile
from pathlib import Path

from distance.measuring import FULL, QUICK, Plan, rows
from support.mysql.server import MySQLServer, Skipped

PLANS = {"full": FULL, "quick": QUICK}


def table(plan: Plan, mysql: MySQLServer, folder: Path) -> str:
    """A table in Markdown."""
    head = ["request", "round trips", *(f"{each} ms" for each in plan.round_trips_ms)]
    lines = [
        head,
        ["---"] * len(head),
        *(
            [row.request, f"{row.round_trips}", *(f"{each:.0f} ms" for each in row.median_ms)]
            for row in rows(plan, mysql, folder)
        ),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m distance", description=__doc__)
    parser.add_argument("length", nargs="?", choices=PLANS, default="full")
    plan = PLANS[parser.parse_args().length]
    mysql = MySQLServer.find()
    if isinstance(mysql, Skipped):
        sys.stderr.write(f"No MySQL server: {mysql.reason}\n")
        return 1
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = table(plan, mysql, Path(folder))
        sys.stdout.write(f"Medians of {plan.requests} single requests, one at a time, on {mysql.product}:\n\n{found}\n")
    finally:
        mysql.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
