"""How long the tests take: `make test` runs the usual length, `make test-full` sets DOORWARD_TESTS=full."""

import os

FULL = os.environ.get("DOORWARD_TESTS") == "full"

RACE_ROUNDS = 500 if FULL else 20
"""How often a race is repeated."""
