"""Where a server keeps recordings, and that it works without."""

from pathlib import Path

from ground.clock import SystemClock
from ground.sql import Database
from server.config import load
from server.recordings import recordings_of


async def test_they_are_in_the_state_folder_or_where_all_servers_share_one(database: Database, tmp_path: Path) -> None:
    own = load({"state_dir": str(tmp_path / "own")}, {})
    assert own.recordings == tmp_path / "own" / "recordings"
    shared = load({"state_dir": str(tmp_path / "own")}, {"OPENLINE_RECORDINGS": str(tmp_path / "shared")})
    assert shared.recordings == tmp_path / "shared"
    assert recordings_of(shared, database, SystemClock()) is not None
    assert shared.recordings.stat().st_mode & 0o777 == 0o700 and not own.recordings.exists()


async def test_a_folder_that_can_not_be_had_stops_nothing_else(database: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    config = load({"state_dir": str(tmp_path)}, {"OPENLINE_RECORDINGS": str(tmp_path / "file" / "below")})
    assert recordings_of(config, database, SystemClock()) is None
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / ".folder").write_text("something else")
    config = load({"state_dir": str(tmp_path)}, {"OPENLINE_RECORDINGS": str(strange)})
    assert recordings_of(config, database, SystemClock()) is None
