"""
Runs under alembic: each version in one transaction, tables included.
"""

from __future__ import annotations

from alembic import context


connection = context.config.attributes["connection"]
context.configure(connection=connection, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
