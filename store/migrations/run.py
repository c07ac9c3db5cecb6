"""Running the migrations from the program; there is no alembic.ini."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to REVISION, in one transaction where the database can."""
    config = Config()
    config.set_main_option("script_location", "store:migrations")
    config.attributes["engine"] = engine
    command.upgrade(config, revision)
