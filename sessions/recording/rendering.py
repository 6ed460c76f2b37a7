"""Makes the file of a recording from its spool, in a process of its own that can be killed."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path
from typing import Final, Literal, NamedTuple

RENDER_S: Final = 3600.0
_MODULE: Final = "sessions.recording.render_worker"
_MADE: Final = re.compile(rb"ok (\d{1,9}) (\d{1,12}) ([0-9a-f]{64})\n")
# Nothing of the server's environment, where its secrets may be; one thread, for that is what the bounds are made for.
_KEPT: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "TMPDIR")
_STOPPED: Final = (-signal.SIGHUP, -signal.SIGINT, -signal.SIGTERM, -signal.SIGKILL)
"""How it ends when somebody else ends it: a server that is stopped with all its processes, a machine out of memory."""
_SET: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class Rendered(NamedTuple):
    """A file that is whole and on the disk."""

    length_ms: int
    bytes: int
    sha256: str


class Unrendered(Exception):
    """No file was made. `why`: there was nothing to hear, the spool can't be read or took too long, another process is
    at it and will have it soon, it was stopped from outside, or the disk is full for now."""

    def __init__(self, why: Literal["empty", "broken", "busy", "stopped", "full"]) -> None:
        super().__init__(why)
        self.why = why


async def render(source: Path, target: Path, part: Path, seconds: float = RENDER_S) -> Rendered:
    """Make `target` from the spool `source` by way of `part`; what was there is replaced in one step.

    Raises Unrendered. The process is killed when it takes longer than `seconds`, and when this call is cancelled.
    """
    # -P: what lies in the current folder is not what it imports.
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", _MODULE, str(source), str(target), str(part),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _KEPT if name in os.environ} | _SET,
    )  # fmt: skip
    try:
        async with asyncio.timeout(seconds):
            said, _nothing = await worker.communicate()
    except TimeoutError:
        raise Unrendered("broken") from None
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
    return _read(said, worker.returncode)


def _read(said: bytes, code: int | None) -> Rendered:
    """What the process printed; one that died at it printed nothing."""
    if made := _MADE.fullmatch(said):
        return Rendered(int(made[1]), int(made[2]), made[3].decode())
    if code in _STOPPED:
        raise Unrendered("stopped")
    named = {b"empty\n": "empty", b"busy\n": "busy", b"full\n": "full"}
    raise Unrendered(named.get(said, "broken"))  # type: ignore[arg-type]
