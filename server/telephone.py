"""Everything that one server process does about telephones, tied together."""

from ground.clock import Clock
from ground.sql import Database
from queueing.line import Line
from server.callees import Callees
from server.catalogue import Catalogue
from server.config_phone import PhoneSettings
from server.desks.phone import PhoneDesk
from server.dialling import Dialler
from server.fanout import Fanout
from server.listed import Listed
from server.switchboard import Switchboard
from server.till import Till
from sessions.phone.book import Book
from sessions.phone.texts import Texts


class Telephony:
    """The parts. `key` is a secret that all processes share: codes are made with it."""

    def __init__(
        self, database: Database, line: Line, switchboard: Switchboard, fanout: Fanout, catalogue: Catalogue,
        listed: Listed, till: Till, clock: Clock, settings: PhoneSettings, key: bytes,
    ) -> None:  # fmt: skip
        self.book = Book(database, key)
        self._texts = Texts(settings.text_url, settings.text_secret) if settings.text_url else None
        self.desk = PhoneDesk(
            database, self.book, line, switchboard.workers, switchboard.post, self._texts, clock, settings.calls_a_day
        )
        callees = Callees(database, self.book, clock, settings.calls_a_day)
        self.dialler = Dialler(
            callees, line, switchboard.media, switchboard.bridging, switchboard.workers, switchboard.post, fanout,
            catalogue, listed, till.accepting, clock,
        )  # fmt: skip

    async def close(self) -> None:
        """Stop what runs beside commands."""
        await self.desk.close()
        await self.dialler.close()
        if self._texts is not None:
            await self._texts.close()
