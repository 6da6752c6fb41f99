import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection

from doorward.infrastructure.sql.naming import VERSION_TABLE


def run(connection: Connection, table_prefix: str, current: str | None, target: str) -> None:
    """Migrate from one revision to another, on a connection that the caller commits."""
    logging.getLogger("asyncmy").setLevel(logging.ERROR)  # MySQL warns that it ignores the names of primary keys
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["table_prefix"] = table_prefix
    if target == "base" or (current is not None and target < current):
        command.downgrade(config, target)
    else:
        command.upgrade(config, target)


def move_version_table(connection: Connection, former: str) -> None:
    """Rename the table that holds the revision. Both databases do so as a whole or not at all."""
    Operations(MigrationContext.configure(connection)).rename_table(former, VERSION_TABLE)
