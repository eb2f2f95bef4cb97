# ruff: noqa: INP001 - alembic loads it by its path
"""alembic's environment: always on a connection that `records.schema` hands over, never on a file."""

from alembic import context

from records.tables import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
