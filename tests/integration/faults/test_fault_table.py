"""docs/testing.md and the tests name the same faults."""

import re
from collections import defaultdict
from pathlib import Path

PROJECT = Path(__file__).parents[3]
ROW = re.compile(r"\bF-\d\d\b")
NAMED_IN_ROW = re.compile(r"`(integration/[\w/]+\.py)`")

NUMBERS = (1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 17, 18, 20, 23, 24, 25, 30, 31, 32, 37, 38, 40)
ROWS = frozenset(f"F-{number:02}" for number in NUMBERS)
"""The faults that must not lose their tests."""


def documented() -> dict[str, set[str]]:
    """The files of tests that the table names for each fault."""
    lines = (PROJECT / "docs" / "testing.md").read_text("utf-8").splitlines()
    rows = [line.split(" | ") for line in lines if re.match(r"\| F-\d\d \|", line)]
    return {row[0].removeprefix("| "): set(NAMED_IN_ROW.findall(row[2])) for row in rows}


def named_by_tests() -> dict[str, set[str]]:
    """The files of tests that name each fault."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (PROJECT / "tests" / "integration").rglob("test_*.py"):
        if path != Path(__file__):
            for row in ROW.findall(path.read_text("utf-8")):
                found[row].add(str(path.relative_to(PROJECT / "tests")))
    return found


def test_the_table_of_faults_names_files_whose_tests_name_the_fault() -> None:
    named = named_by_tests()
    for row, files in documented().items():
        assert files, row
        assert files <= named[row], row


def test_every_fault_has_a_row() -> None:
    assert documented().keys() >= ROWS
