import subprocess
import sys
from pathlib import Path

from support.programs.processes import PATIENCE

PROJECT = Path(__file__).parents[3]
PROGRAM = """
import sys
import pytest

sys.modules |= dict.fromkeys(["sqlalchemy", "asyncmy", "granian", "alembic"])  # an import of one raises ImportError
sys.exit(pytest.main(["-q", "--collect-only", "-p", "no:cacheprovider", "tests/unit"]))
"""


def test_no_unit_test_imports_a_database_or_a_server() -> None:
    """They are slow to import: the unit tests take a few seconds."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert run.returncode == 0, run.stdout[-2_000:]
