"""Run by Alembic: migrates over the connection that schema.py hands over."""

from alembic import context

from scheduler.db.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
