"""The recordings of this server: their folder, their door, and who looks after them."""

import structlog

from ground.clock import Clock
from ground.sql import Database
from server.config import Config
from sessions.recording.folder import Folder
from sessions.recording.keeping import Recordings
from sessions.recording.upkeep import Upkeep

_log = structlog.get_logger("openline.recording")


def recordings_of(config: Config, db: Database, clock: Clock) -> Upkeep | None:
    """None where there is no folder that can be written: then this server keeps none, and the rest of it works."""
    try:
        folder = Folder.open(config.recordings)
    except (OSError, ValueError) as error:
        _log.error("no_folder_for_recordings", folder=str(config.recordings), error=type(error).__name__)
        return None
    return Upkeep(db, folder, Recordings(db, folder), clock)
