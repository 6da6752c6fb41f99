"""How long the tests take: `make test` runs the usual length, `make test-full` sets DOORWARD_TESTS=full."""

import os

import pytest

FULL = os.environ.get("DOORWARD_TESTS") == "full"

RACE_ROUNDS = 500 if FULL else 20
"""How often a race is repeated."""

MYSQL_IN_FULL = pytest.mark.parametrize(
    "raw_url", ["sqlite", pytest.param("mysql", marks=pytest.mark.full)], indirect=True
)
"""For tests of single migrations. On MySQL, each run takes all of them up, down and up again, and with data up."""
