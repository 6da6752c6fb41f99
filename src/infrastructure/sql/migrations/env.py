"""Executed by alembic with the connection that `run.py` passes. The caller commits."""

from alembic import context

from doorward.infrastructure.sql.migrations.steps import named
from doorward.infrastructure.sql.naming import VERSION_TABLE
from doorward.infrastructure.sql.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table=named(VERSION_TABLE),
    render_as_batch=True,
    transactional_ddl=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
