"""Running the migrations from the program; there is no alembic.ini."""

import logging
from threading import Lock

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

# Alembic keeps the migration that runs in a module; two threads would take it from each other.
_one_at_a_time = Lock()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to REVISION, in one transaction where the database can."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", "store:migrations")
    config.attributes["engine"] = engine
    with _one_at_a_time:
        command.upgrade(config, revision)
