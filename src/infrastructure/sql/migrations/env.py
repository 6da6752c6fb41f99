"""Executed by alembic with the connection that `run.py` passes. The caller commits."""

from alembic import context

from doorward.infrastructure.sql.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
