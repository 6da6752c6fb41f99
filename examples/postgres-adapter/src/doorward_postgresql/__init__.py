"""A storage adapter for Doorward: PostgreSQL, through SQLAlchemy Core and asyncpg."""
