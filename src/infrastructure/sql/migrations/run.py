import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def run(connection: Connection, current: str | None, target: str) -> None:
    """Migrate from one revision to another, on a connection that the caller commits."""
    logging.getLogger("asyncmy").setLevel(logging.ERROR)  # MySQL warns that it ignores the names of primary keys
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    if target == "base" or (current is not None and target < current):
        command.downgrade(config, target)
    else:
        command.upgrade(config, target)
