"""What one server process does about chats beside plain messages: files, transcripts, what is kept of sessions."""

import asyncio
import random
from collections.abc import Callable
from typing import Final

import structlog

from directory.expert import PoolOptions
from ground.clock import Clock
from ground.errors import Refusal
from ground.sql import FAILURES, Database
from identity.tokens import Tokens
from queueing.media import Media
from server.books import Books
from server.catalogue import Catalogue
from server.config import Config
from server.desks.chat import ChatDesk
from server.desks.desk import Handlers
from server.desks.keeping import KeepingDesk
from server.desks.transfer import TransferDesk
from server.fanout import Fanout
from server.terms import LineTerms
from server.transcripts import Transcripts
from sessions.conversation import Conversation
from sessions.fetching.tickets import Tickets
from sessions.files.files import Files
from sessions.files.scanning import Scanner
from sessions.recording.folder import Folder

LOOK_S: Final = 20.0
STRAYS_MS: Final = 3_600_000
_log = structlog.get_logger("openline.talk")


class Talk:
    """The parts, tied together. `files` is None where there is no folder that can be written: then chats take none."""

    def __init__(
        self, config: Config, database: Database, clock: Clock, conversation: Conversation, catalogue: Catalogue,
        fanout: Fanout, books: Books, hint: Callable[[], None],
    ) -> None:  # fmt: skip
        self._database = database
        self._clock = clock
        self._conversation = conversation
        self._catalogue = catalogue
        self._hint = hint
        self._reached = books.reached
        self._strays_at = 0
        self.recordings = books.recordings
        self.files = files_of(config, database)
        self.tickets = Tickets(Tokens(config.keys), database)
        self.transcripts = Transcripts(database, conversation, catalogue, fanout)

    def handlers(self, media: Media, terms: LineTerms) -> Handlers:
        """What pages may ask."""
        seconds = asyncio.get_running_loop().time
        chat = ChatDesk(self._conversation, self.files, self.tickets, self._clock, seconds)
        keeping = KeepingDesk(
            self._database, self.transcripts, self.recordings, self.tickets, self._clock, self._hint, seconds,
            self._reached,
        )  # fmt: skip
        return {**chat.handlers(), **keeping.handlers(), **TransferDesk(media, terms).handlers()}

    async def keep(self) -> None:
        """Take away what is over. Runs for ever."""
        while True:
            # Not all processes at once: what one does the others need not.
            await asyncio.sleep(random.uniform(LOOK_S / 2, LOOK_S))  # noqa: S311 - a spread, not a secret
            try:
                await self.sweep()
            except FAILURES as error:
                _log.warning("files_not_swept", error=type(error).__name__)

    async def sweep(self) -> None:
        """Files whose time is up, and tickets."""
        now = self._clock.now_ms()
        await self.tickets.tidy(now)
        if self.files is None:
            return
        pools = await self.files.pools()
        await self.files.sweep(now, {pool: await self._days(pool) for pool in pools})
        if now - self._strays_at >= STRAYS_MS:
            self._strays_at = now
            for pool in pools:
                await self.files.sweep_strays(pool, now)

    async def _days(self, pool: str) -> int:
        """How long a pool keeps the files of its chats."""
        try:
            return (await self._catalogue.open(pool)).pool.options.file_days
        except Refusal:  # the pool is gone, its files are not
            return PoolOptions().file_days


def files_of(config: Config, database: Database) -> Files | None:
    """The files of this server; None where there is no folder that can be written."""
    try:
        folder = Folder.open(config.files)
    except (OSError, ValueError) as error:
        _log.error("no_folder_for_files", folder=str(config.files), error=type(error).__name__)
        return None
    return Files(database, folder, Scanner(config.scan_command))
