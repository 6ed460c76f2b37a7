"""What changed, for one audience: the values between `translate.py`, which makes them, and `hub.py`, which merges and
writes them.

Every change is a whole state or a difference of sets, so telling one twice does no harm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from wire import messages
from wire.messages import ServerMessage


class Change:
    """One change. Changes of one `key` merge while they wait; a topic may carry several kinds."""

    __slots__ = ()

    @property
    def key(self) -> str:
        raise NotImplementedError

    def merge(self, later: Self) -> Self:
        """Both as one: the later state stands for the earlier."""
        return later

    def message(self) -> ServerMessage:
        raise NotImplementedError

    @classmethod
    def batch(cls, changes: Sequence["Change"]) -> list[ServerMessage]:
        """The changes in as few messages as possible: all lights share one."""
        lights = [change for change in changes if isinstance(change, LightChange)]
        others = [change.message() for change in changes if not isinstance(change, LightChange)]
        return [together(lights), *others] if lights else others


@dataclass(frozen=True, slots=True)
class LightChange(Change):
    """An expert's light."""

    seq: int
    at: int
    light: messages.Light

    @property
    def key(self) -> str:
        return self.light.expert

    def message(self) -> ServerMessage:
        return together([self])


def together(lights: Sequence[LightChange]) -> messages.Lights:
    """One message for several lights, as of the latest of them."""
    latest = max(lights, key=lambda change: change.seq)
    return messages.Lights(seq=latest.seq, at=latest.at, lights=[change.light for change in lights])


@dataclass(frozen=True, slots=True)
class LineDelta(Change):
    """What became of a line's ordinals: `fate` maps those that were in it to their new ordinal, or None if they
    left; `joined` are those that were not in it."""

    seq: int
    at: int
    expert: str
    joined: frozenset[int]
    fate: dict[int, int | None]
    length: int

    @property
    def key(self) -> str:
        return f"line:{self.expert}"

    def merge(self, later: Self) -> Self:
        fate = {old: later.fate.get(new, new) if new is not None else None for old, new in self.fate.items()}
        known = self.joined | {new for new in self.fate.values() if new is not None}
        fate |= {old: new for old, new in later.fate.items() if old not in known}
        came = (later.fate.get(ordinal, ordinal) for ordinal in self.joined)
        joined = frozenset(ordinal for ordinal in came if ordinal is not None) | later.joined
        return replace(later, joined=joined, fate=fate)

    def message(self) -> ServerMessage:
        return messages.LineChange(
            seq=self.seq,
            at=self.at,
            expert=self.expert,
            joined=sorted(self.joined),
            left=sorted(old for old, new in self.fate.items() if new is None),
            moved=sorted((old, new) for old, new in self.fate.items() if new is not None),
            length=self.length,
        )


@dataclass(frozen=True, slots=True)
class QueueDelta(Change):
    """Tickets of a line that changed, whole, or are gone from it (None)."""

    seq: int
    at: int
    expert: str
    waiters: dict[str, messages.Waiter | None]

    @property
    def key(self) -> str:
        return f"queue:{self.expert}"

    def merge(self, later: Self) -> Self:
        return replace(later, waiters=self.waiters | later.waiters)

    def message(self) -> ServerMessage:
        return messages.QueueChange(
            seq=self.seq,
            at=self.at,
            expert=self.expert,
            changed=[waiter for waiter in self.waiters.values() if waiter is not None],
            gone=[ticket for ticket, waiter in self.waiters.items() if waiter is None],
        )


@dataclass(frozen=True, slots=True)
class Whole(Change):
    """A message that is the whole state of `key`: the latest stands for all."""

    name: str
    said: ServerMessage

    @property
    def key(self) -> str:
        return self.name

    def message(self) -> ServerMessage:
        return self.said
