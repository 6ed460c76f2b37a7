"""The folder of recordings, which servers and media workers share.

It has a name of its own in a file, and what the books keep as a recording's path begins with it: a process that looks
at another folder by mistake takes no recording for lost, and none for erased. The rest follows from pool and session,
so that whoever follows the journal finds it without being told.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import Final

from ground.ids import new_id

NAME: Final = ".folder"
_KEPT: Final = re.compile(r"(folder-[0-9a-z]{16})/([A-Za-z0-9][A-Za-z0-9_.-]{0,63})/(rec-[0-9a-f]{32})")
SPOOL, PART, OGG = ".spool", ".part", ".ogg"


class Elsewhere(OSError):
    """The file is not in this folder; a process that sees another one has it."""


class Folder:
    """An open folder. `name` tells it from others."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name

    @classmethod
    def open(cls, path: Path, *, new: bool = True) -> "Folder":
        """Made when it isn't there, readable by its owner only, unless `new` is false: then it has to have a name.

        Raises OSError, and ValueError for a strange name.
        """
        named = path / NAME
        if new:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not named.exists():
                _name(named)
        name = named.read_text("ascii").strip()
        if not re.fullmatch(r"folder-[0-9a-z]{16}", name):
            raise ValueError(f"{named} does not hold the name of a folder of recordings")
        return cls(path, name)

    def of(self, pool: str, session: str) -> str:
        """The path of a session's recording, as the books keep it. Raises ValueError for what is no name of a pool."""
        digest = hashlib.sha256(f"{pool}/{session}".encode()).hexdigest()[:32]
        path = f"{self.name}/{pool}/rec-{digest}"
        if not _KEPT.fullmatch(path):
            raise ValueError("no name of a pool")
        return path

    def file(self, kept: str, kind: str) -> Path:
        """Where the file of that kind (`SPOOL`, `PART`, `OGG`) is. Raises Elsewhere."""
        found = _KEPT.fullmatch(kept)
        if not found or found[1] != self.name:
            raise Elsewhere
        return self.path / found[2] / (found[3] + kind)

    def kept(self, file: Path) -> str:
        """What the books call a file in here; "" for one that is none of ours."""
        path = f"{self.name}/{file.parent.name}/{file.stem}"
        return path if _KEPT.fullmatch(path) else ""


def _name(named: Path) -> None:
    """Written whole and linked, so that two processes that start at once agree on one name."""
    fresh = named.with_name(new_id(".fresh"))
    fresh.write_text(new_id("folder") + "\n", "ascii")
    try:
        os.link(fresh, named)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
