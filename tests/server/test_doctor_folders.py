"""What the doctor says of folders and of the program that looks at files."""

from pathlib import Path

from server.config import Config, load
from server.doctor_folders import folders


def verdicts(config: Config) -> dict[str, str]:
    return {one.subject: one.verdict for one in folders(config)}


def test_folders_that_are_there_or_can_be_made_are_well_and_none_is_made(tmp_path: Path) -> None:
    config = load({"state_dir": tmp_path / "state"}, {"OPENLINE_RECORDINGS": str(tmp_path / "new" / "recordings")})
    (tmp_path / "state" / "files").mkdir()
    assert verdicts(config) == {"recordings": "ok", "files": "ok"}
    assert not (tmp_path / "new").exists()


def test_what_cannot_be_written_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    wrong = {"OPENLINE_RECORDINGS": str(tmp_path / "file" / "recordings"), "OPENLINE_FILES": str(tmp_path / "file")}
    recordings, files = folders(load({"state_dir": tmp_path}, wrong))
    assert (recordings.verdict, files.verdict) == ("fail", "fail")
    assert "OPENLINE_RECORDINGS" in recordings.way_out and "OPENLINE_FILES" in files.way_out


def test_a_scanner_that_is_not_there_is_named(tmp_path: Path) -> None:
    for command, verdict in (("true --quiet", "ok"), ("no-such-scanner --fdpass", "fail")):
        found = folders(load({"state_dir": tmp_path}, {"OPENLINE_SCAN_COMMAND": command}))[-1]
        assert (found.subject, found.verdict) == ("scanner", verdict)
        assert ("OPENLINE_SCAN_COMMAND" in found.way_out) == (verdict == "fail")
