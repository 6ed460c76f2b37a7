"""A scanner of the operator's own, such as clamdscan, asked about every file before anybody else gets it."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from ground.errors import Refusal

DEADLINE_S: Final = 60.0
AT_ONCE: Final = 4
_PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR")
"""Of our environment: the rest holds secrets."""
_log = structlog.get_logger("openline.scanning")


class Scanner:
    """Runs `command` with the path of the file behind it: exit 0 is clean, 1 is harmful, all else is a failure.

    Without a command every file is clean.
    """

    def __init__(self, command: Sequence[str] = (), deadline_s: float = DEADLINE_S) -> None:
        self._command = tuple(command)
        self._deadline_s = deadline_s
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def check(self, path: Path) -> None:
        """Raises Refusal: `file_refused`, and `scan_failed` when nobody can say."""
        if not self._command:
            return
        async with self._turns:
            code = await self._run(path)
        if code == 1:
            raise Refusal("file_refused")
        if code != 0:
            _log.error("scan_failed", code=code)
            raise Refusal("scan_failed")

    async def _run(self, path: Path) -> int | None:
        """The exit code; None when it can't be started or takes too long."""
        nothing = asyncio.subprocess.DEVNULL
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, str(path), stdin=nothing, stdout=nothing, stderr=nothing, env=environment,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            _log.error("scanner_not_started", error=error.strerror)
            return None
        try:
            async with asyncio.timeout(self._deadline_s):
                return await process.wait()
        except TimeoutError:
            return None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
