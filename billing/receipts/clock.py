"""From looks at a session's clock to the intervals in which it ran. Pure."""

from collections.abc import Iterator
from typing import Literal

from billing.receipts.facts import AnyFact, Fact, Running, Stopped


class Looked(Fact, tag="looked"):
    """The clock as an entry of the journal has it: it ran for `ran_ms` before `running_since` (0: it stands still, for
    nothing is heard of `side`). Not of a receipt: what is made of it is."""

    ran_ms: int
    running_since: int
    side: Literal["", "user", "expert", "both"]


class Intervals:
    """Takes looks in order, and gives what a receipt says of them."""

    def __init__(self) -> None:
        self._ran_ms = 0
        self._since = 0
        self._until = 0

    def take(self, look: Looked) -> Iterator[AnyFact]:
        if self._since and look.running_since != self._since:
            yield self._stopped(look, self._since)
        elif not self._since and look.ran_ms < self._ran_ms:
            yield self._stopped(look, self._until)
        if look.running_since and look.running_since != self._since:
            yield Running(at=look.at, since=look.running_since)
        self._ran_ms, self._since = look.ran_ms, look.running_since

    def _stopped(self, look: Looked, known: int) -> Stopped:
        """What the clock ran more, or less, than we knew ends `known`."""
        self._until = known + look.ran_ms - self._ran_ms
        return Stopped(at=look.at, until=self._until, side=look.side)
