"""The statements of doorward.infrastructure.sql are written for PostgreSQL as well."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import dialect

from doorward.infrastructure import sql
from doorward_postgresql.locks import LOCK_THEN_READ


def locking() -> Iterator[tuple[str, Select[tuple[object, ...]]]]:
    """Yield each statement that locks rows, with its name."""
    for module in pkgutil.iter_modules(sql.__path__, f"{sql.__name__}."):
        if not module.ispkg:
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, Select) and "FOR UPDATE" in compiled(value):
                    yield f"{module.name}.{name}", value


def compiled(statement: Select[tuple[object, ...]]) -> str:
    return str(statement.compile(dialect=dialect()))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(("name", "statement"), list(locking()))
def test_a_statement_that_locks_and_joins_is_split_in_two(name: str, statement: Select[tuple[object, ...]]) -> None:
    assert ("JOIN" in compiled(statement)) is (statement in LOCK_THEN_READ), name
