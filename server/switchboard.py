"""Everything that one server process does about calls, tied together."""

import time

from ground.clock import Clock
from ground.journal import Journal
from ground.store import Store
from queueing.media import Media
from server.bridging import Bridging
from server.desks.calls import CallsDesk, OwnIce
from server.desks.desk import Handlers
from sessions.media.post import Post
from sessions.media.workers import Workers
from sessions.turn import TurnServers


class Switchboard:
    """The parts. `process` is what the server process is called, `turn` where TURN is (None: nowhere), `ice` the
    servers that need no credentials of a call's own."""

    def __init__(
        self, store: Store, journal: Journal, process: str, turn: TurnServers | None, clock: Clock, ice: OwnIce
    ) -> None:
        self.post = Post(store, journal, process)
        self.workers, self.media = Workers(store), Media(store)
        self.bridging = Bridging(self.media, self.workers, self.post)
        self._desk = CallsDesk(self.bridging, self.media, turn, ice, clock, time.monotonic)

    def handlers(self) -> Handlers:
        """What pages may ask."""
        return self._desk.handlers()
