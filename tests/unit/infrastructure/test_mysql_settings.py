import pytest

from doorward.infrastructure.sql.mysql_settings import READING, WRITING, literal, set_statement


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
