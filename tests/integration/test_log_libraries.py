"""What the log relies on in other libraries: the texts of SQLAlchemy's errors, and structlog without rich."""

import subprocess
import sys

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from doorward.infrastructure.log.redaction import without_secrets
from doorward.infrastructure.log.rendering import with_exception


def test_an_error_of_the_database_shows_neither_its_statement_nor_its_parameters() -> None:
    """LG-03. The texts of SQLAlchemy's errors are matched, so this fails when SQLAlchemy words them otherwise."""
    with create_engine("sqlite://").connect() as connection, pytest.raises(OperationalError) as failed:
        connection.execute(text("SELECT * FROM absent WHERE name = :name"), {"name": "s3cret"})
    shown = with_exception(None, "error", {"event": "boom", "exc_info": failed.value})
    assert shown["exception"].startswith("OperationalError: (sqlite3.OperationalError) no such table: absent <- ")
    assert "SELECT" not in shown["exception"]
    assert "s3cret" in str(failed.value)
    assert "s3cret" not in str(without_secrets(None, "error", {"event": str(failed.value)}))


def test_structlog_is_imported_without_rich() -> None:
    """Fails when structlog no longer imports with rich hidden, or something else imports rich."""
    program = "import sys, doorward.interfaces.main; print('structlog' in sys.modules, 'rich' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["True", "False"]


def test_structlog_imports_rich_unless_it_is_hidden() -> None:
    """When this fails, the package of the log need not hide rich any more."""
    program = "import sys, structlog; print('rich' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["True"]


def test_the_log_has_structlog_also_if_it_was_imported_before() -> None:
    """The command line imports it, before it makes an application that writes letters to files."""
    program = "import structlog; from doorward.infrastructure.log import structlog as taken; print(taken is structlog)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["True"]
