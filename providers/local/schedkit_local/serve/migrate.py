"""
Bring a state file to the newest schema: `python -m schedkit_local.serve.migrate FILE`.

A process of its own, since alembic and SQLAlchemy weigh more than the server that asks for it.
"""

from __future__ import annotations

import sys
from pathlib import Path


HERE = Path(__file__).parent / "migrations"
HEAD = "0001"
"""The newest schema; a test holds it equal to that of the versions."""


def migrate(path: Path) -> None:
    """
    Make the file, or bring it up to date; all or nothing, whatever interrupts it.
    """
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, event, pool

    engine = create_engine(f"sqlite:///{path}", poolclass=pool.NullPool)

    # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#pysqlite-serializable
    @event.listens_for(engine, "connect")
    def _connect(connection: object, _: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def _begin(connection: object) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


if __name__ == "__main__":
    migrate(Path(sys.argv[1]))
