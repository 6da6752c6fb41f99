"""The prefix of Doorward's tables in every statement."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import ClauseElement, Delete, Insert, MetaData, Select, Update, create_engine

from doorward.infrastructure import sql
from doorward.infrastructure.settings.table_prefix import MAX_TABLE_PREFIX_CHARACTERS
from doorward.infrastructure.sql.contents import COLUMNS_BY_TABLE
from doorward.infrastructure.sql.naming import VERSION_TABLE, add_table_prefix
from doorward.infrastructure.sql.tables import metadata

MAX_MYSQL_NAME_CHARACTERS = 64
PREFIX = "part_of_no_name_"
ENGINES = ("sqlite://", "mysql+asyncmy://ada@localhost/doorward")
WITHOUT_PREFIX = re.compile(rf"(?<![\w.])`?({'|'.join(COLUMNS_BY_TABLE)})\b")


def statements() -> Iterator[tuple[str, ClauseElement]]:
    """Every statement that is a constant, by its name."""
    for module in pkgutil.iter_modules(sql.__path__, f"{sql.__name__}."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, Select | Insert | Update | Delete):
                yield f"{module.name}.{name}", value


@pytest.mark.parametrize("url", ENGINES)
def test_every_statement_names_tables_with_the_prefix_and_differs_in_nothing_else(url: str) -> None:
    plain, prefixed = create_engine(url), create_engine(url)
    add_table_prefix(prefixed, PREFIX)
    seen = dict(statements())
    assert len(seen) > 50
    for name, statement in seen.items():
        text = str(statement.compile(prefixed))
        assert PREFIX in text, name
        assert not WITHOUT_PREFIX.search(text), name
        assert text.replace(PREFIX, "") == str(statement.compile(plain)), name


def test_a_table_without_the_prefix_would_be_noticed() -> None:
    assert WITHOUT_PREFIX.search("SELECT p_users.id FROM users")
    assert WITHOUT_PREFIX.search("UPDATE p_users SET version = users.version")


def test_the_longest_name_with_the_longest_prefix_fits_mysql() -> None:
    longest = max((*names(metadata), f"{VERSION_TABLE}_pkc"), key=len)
    assert len(longest) + MAX_TABLE_PREFIX_CHARACTERS <= MAX_MYSQL_NAME_CHARACTERS, longest


def names(of: MetaData) -> Iterator[str]:
    """The names of tables, indexes and constraints."""
    for table in of.sorted_tables:
        yield table.name
        yield from (str(index.name) for index in table.indexes)
        yield from (str(constraint.name) for constraint in table.constraints)
