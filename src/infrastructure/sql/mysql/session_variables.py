"""What each MySQL and MariaDB connection is set to, since the defaults of a server may be any.

Every variable here would change the result of a statement or of a transaction. None of them takes a privilege to set.
"""

from collections.abc import Mapping
from types import MappingProxyType

SQL_MODE = (
    "STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION"
)

Settings = Mapping[str, str | int]
"""Values of session variables by their names in MySQL."""

NO_SETTINGS: Settings = MappingProxyType({})

COMMON: Settings = MappingProxyType(
    {
        "sql_mode": SQL_MODE,
        "time_zone": "+00:00",
        "character_set_client": "utf8mb4",
        "character_set_results": "utf8mb4",
        "character_set_connection": "utf8mb4",
        "transaction_isolation": "READ-COMMITTED",
        "completion_type": "NO_CHAIN",
        "foreign_key_checks": 1,
        "unique_checks": 1,
        "sql_safe_updates": 0,
        "sql_auto_is_null": 0,
        "sql_big_selects": 1,
        "sql_select_limit": 18_446_744_073_709_551_615,
        "max_sort_length": 1024,
        "sql_quote_show_create": 1,
        "default_storage_engine": "InnoDB",
    }
)
WRITING: Settings = MappingProxyType({**COMMON, "autocommit": 0, "transaction_read_only": 0})
READING: Settings = MappingProxyType({**COMMON, "autocommit": 1})
"""Not read-only: TiDB refuses that setting, and Vitess ignores it. `SqlConnection` refuses to write on such a one."""

MARIADB_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "transaction_isolation": "tx_isolation",
        "transaction_read_only": "tx_read_only",
        "max_execution_time": "max_statement_time",
    }
)
"""MariaDB knows MySQL's names for the first two since its version 11.1. Its limit for statements is in seconds, and for
writes as well."""


def variable(name: str, server_version: str) -> str:
    """Return the name of a setting on the server of that version, as the server itself tells it."""
    return MARIADB_NAMES.get(name, name) if "MariaDB" in server_version else name


def set_statement(settings: Settings, server_version: str) -> str:
    """Return the one statement that sets all of them on a new connection."""
    return "SET SESSION " + ", ".join(
        f"{variable(name, server_version)} = {literal(value)}{in_its_unit(name, server_version)}"
        for name, value in settings.items()
    )


def literal(value: str | int) -> str:
    """Return the value as a literal of SQL that is read the same in every sql_mode: text in single quotes, which are
    doubled inside. Raise ValueError for a backslash, which is an escape in some modes only."""
    if isinstance(value, int):
        return str(value)
    if "\\" in value:
        raise ValueError("A text with a backslash is not the same in every sql_mode.")
    return "'" + value.replace("'", "''") + "'"


def is_set(wanted: str | int, answer: object) -> bool:
    """Return whether the server's answer is the wanted value. It may list the parts of sql_mode in another order."""
    return set(str(answer).split(",")) == set(str(wanted).split(","))


def in_its_unit(name: str, server_version: str) -> str:
    """Return what follows a value whose unit is another one on that server."""
    return " / 1000" if name == "max_execution_time" and "MariaDB" in server_version else ""


def server_limits(lock_wait_seconds: float, statement_seconds: float) -> Settings:
    """Return the limits at which the server ends what nobody waits for any more: for a row that another transaction has
    locked, for a table that a migration changes, and for a SELECT."""
    locks = max(1, round(lock_wait_seconds))
    milliseconds = round(statement_seconds * 1000)
    return {"innodb_lock_wait_timeout": locks, "lock_wait_timeout": locks, "max_execution_time": milliseconds}
