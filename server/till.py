"""Everything that one server process does about money, except that somebody pays in."""

from billing.news import MoneyWhispers
from billing.receipts.signing import Signer
from ground.clock import Clock
from ground.journal import Journal
from ground.sql import Database
from ground.store import Store
from queueing.line import Line
from server.accepting import Accepting
from server.bills import Bills
from server.books import Books
from server.call_letters import CallLetters
from server.catalogue import Catalogue
from server.desks.desk import Handlers
from server.desks.money import MoneyDesk
from server.fanout import Fanout
from server.free_news import FreeNews
from server.metering import Metering
from server.money_mails import MoneyMails
from server.money_news import MoneyNews
from server.receipting import Receipting
from server.settling import Settling
from server.terms import LineTerms
from sessions.conversation import Conversation


class Till:
    """The parts, tied together. `base` is where people reach the server, `signer` signs receipts."""

    def __init__(
        self, store: Store, database: Database, line: Line, journal: Journal, catalogue: Catalogue, fanout: Fanout,
        clock: Clock, base: str, signer: Signer,
    ) -> None:  # fmt: skip
        self._database = database
        self._clock = clock
        self.bills = Bills(database, catalogue)
        self.news = MoneyNews(database, catalogue, self.bills, clock)
        self.books = Books(database, FreeNews(base), Settling(MoneyMails(base)), Receipting(signer), CallLetters(base))
        whispers = MoneyWhispers(store)
        self.metering = Metering(database, line, journal, self.books, catalogue, fanout, whispers, clock)
        self.terms = LineTerms(database, journal, catalogue, self.metering, clock)
        self.accepting = Accepting(database, line, self.metering, clock)
        self.books.moved = self.metering.money_moved
        fanout.money, fanout.currency = self.news, catalogue.currency

    def handlers(self, conversation: Conversation, *, pays_in: bool) -> Handlers:
        """What pages may ask. `pays_in`: somebody can make a deposit here."""
        return MoneyDesk(self._database, conversation, self.bills, self._clock, pays_in=pays_in).handlers()

    async def close(self) -> None:
        """Stop what runs beside commands."""
        await self.metering.close()
        await self.news.close()
