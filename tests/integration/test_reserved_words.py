"""Names that a database reserves are quoted: the words of MySQL, MariaDB and TiDB, each with the dialect for it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Table
from sqlalchemy.dialects.mysql import dialect as mysql_dialect
from sqlalchemy.dialects.mysql.reserved_words import RESERVED_WORDS_MARIADB, RESERVED_WORDS_MYSQL
from sqlalchemy.schema import CreateTable

from doorward.infrastructure.sql.leases import TAKE
from doorward.infrastructure.sql.naming import VERSION_TABLE
from doorward.infrastructure.sql.tables import metadata
from support.mysql.reserved_words import TIDB

RESERVED = TIDB | RESERVED_WORDS_MYSQL | RESERVED_WORDS_MARIADB
DIALECT = mysql_dialect()


def names(table: Table) -> Iterator[str]:
    """Yield every name that a statement about the table may have, as it stands in the metadata."""
    yield table.name
    yield from (column.name for column in table.columns)
    yield from (str(DIALECT.identifier_preparer.format_constraint(index)) for index in table.indexes)
    yield from (str(DIALECT.identifier_preparer.format_constraint(each)) for each in table.constraints)


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_no_name_is_a_reserved_word_without_quotes(table: Table) -> None:
    quote = DIALECT.identifier_preparer.quote
    assert [name for name in names(table) if name.lower() in RESERVED and quote(name) == name] == []
    assert VERSION_TABLE not in RESERVED


def test_a_word_that_only_tidb_reserves_is_quoted_where_it_is_used() -> None:
    assert "until" not in RESERVED_WORDS_MYSQL | RESERVED_WORDS_MARIADB
    assert "`until` DATETIME(6) NOT NULL" in str(CreateTable(metadata.tables["leases"]).compile(dialect=DIALECT))
    assert " until" not in str(TAKE.compile(dialect=DIALECT))


def test_only_tidb_reads_the_option_that_numbers_changes_from_one_counter() -> None:
    created = str(CreateTable(metadata.tables["changes"]).compile(dialect=DIALECT))
    assert "ENGINE=InnoDB /*T![auto_id_cache] AUTO_ID_CACHE=1 */" in created


def test_the_default_of_a_time_is_one_that_every_database_takes() -> None:
    created = "".join(str(CreateTable(table).compile(dialect=DIALECT)) for table in metadata.sorted_tables)
    assert "DEFAULT CURRENT_TIMESTAMP(6)" in created
    assert "DEFAULT (" not in created
