import pytest

from doorward.infrastructure.sql.mysql.session_variables import READING, WRITING, literal, server_limits, set_statement


@pytest.mark.parametrize(
    ("value", "sql"), [(0, "0"), ("READ-COMMITTED", "'READ-COMMITTED'"), ("it's", "'it''s'"), ('a "b"', "'a \"b\"'")]
)
def test_a_literal_is_read_the_same_in_every_mode(value: str | int, sql: str) -> None:
    assert literal(value) == sql


def test_a_backslash_has_no_literal_that_every_mode_reads_the_same() -> None:
    with pytest.raises(ValueError, match="backslash"):
        literal("a\\b")


@pytest.mark.parametrize("settings", [READING, WRITING])
def test_one_statement_sets_all_settings(settings: dict[str, str | int]) -> None:
    statement = set_statement(settings, "9.7.0")
    assert statement.startswith("SET SESSION sql_mode = 'STRICT_TRANS_TABLES,")
    assert statement.count(" = ") == len(settings)


@pytest.mark.parametrize(
    ("version", "limit"),
    [("9.7.4", "max_execution_time = 12000"), ("11.4.2-MariaDB", "max_statement_time = 12000 / 1000")],
)
def test_the_server_ends_statements_in_the_unit_that_it_knows(version: str, limit: str) -> None:
    statement = set_statement(server_limits(1, 12), version)
    assert statement == f"SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1, {limit}"
