"""Options of tables, for each database that SQLAlchemy knows them of."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Options = Mapping[str, Any]

TABLE_OPTIONS: Options = MappingProxyType(
    {
        "sqlite_strict": True,
        "mysql_engine": "InnoDB",
        "mysql_charset": "utf8mb4",
        "mysql_collate": "utf8mb4_bin",
    }
)
ONE_COUNTER: Options = MappingProxyType(
    {
        **TABLE_OPTIONS,
        "sqlite_autoincrement": True,
        "mysql_engine": "InnoDB /*T![auto_id_cache] AUTO_ID_CACHE=1 */",
    }
)
"""For a table with numbers that the database counts. On TiDB all servers take them from one counter then; each would
take a block of 30,000 otherwise. For MySQL and MariaDB that option is a comment."""
