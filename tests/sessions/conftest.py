from tests.databases import database, database_url, postgres_server
from tests.model.scene import scene

__all__ = ["database", "database_url", "postgres_server", "scene"]
