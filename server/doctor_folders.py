"""What `openline doctor` says of folders, and of the program that looks at files."""

import os
import shutil
from pathlib import Path

from server.config import Config
from server.findings import Finding


def folders(config: Config) -> list[Finding]:
    """One finding for each; the program only where one is named."""
    found = [
        _folder("recordings", config.recordings, "OPENLINE_RECORDINGS"),
        _folder("files", config.files, "OPENLINE_FILES"),
    ]
    return [*found, _scanner(config.scan_command[0])] if config.scan_command else found


def _folder(subject: str, path: Path, setting: str) -> Finding:
    if _is_writable(path):
        return Finding("ok", subject, f"{path} can be written")
    way_out = f"let this user write there, or name another folder in {setting}"
    return Finding("fail", subject, f"{path} can't be written: nothing is kept", way_out)


def _is_writable(path: Path) -> bool:
    """Whether it is a folder that may be written, or could be made."""
    try:
        while not path.exists():
            path = path.parent
    except OSError:
        return False
    return path.is_dir() and os.access(path, os.W_OK | os.X_OK)


def _scanner(program: str) -> Finding:
    if shutil.which(program):
        return Finding("ok", "scanner", f"{program} looks at files")
    way_out = "install it, or name another in OPENLINE_SCAN_COMMAND"
    return Finding("fail", "scanner", f"there is no program {program}: no file is taken", way_out)
