"""The telephones of one session as a machine: the user's rings first, then the expert's; both hear each other, or the
session ends by the name of what went wrong. Pure: news in, what is to be done out.
"""

from typing import Final, Literal

from msgspec import Struct

from queueing.facts import Leg, Side
from sessions.phone.engine import CallNews
from sessions.speech.texts import Phrase

OTHER: Final[dict[Side, Side]] = {"user": "expert", "expert": "user"}
LAST_WORDS: Final[dict[str, Phrase]] = {"balance_spent": "balance_spent", "cap": "cap"}
"""Ends of a session that nobody on a telephone would understand without a word. Who was hung up on does."""


class Call(Struct, frozen=True):
    """Ring the telephone of a side."""

    side: Side


class Tell(Struct, frozen=True):
    """How the telephone of a side stands."""

    side: Side
    leg: Leg


class Answered(Struct, frozen=True):
    """From now on the other side hears this one."""

    side: Side


class Join(Struct, frozen=True):
    """Both sides are on answered telephones."""


class HangUp(Struct, frozen=True):
    """This telephone has no use any more. Whoever is on it hears these words before."""

    side: Side
    words: Phrase | Literal[""] = ""


class End(Struct, frozen=True):
    """The session is over; `by` is who hung up, None when that was nobody."""

    by: Side | None
    reason: str


Effect = Call | Tell | Answered | Join | HangUp | End


class Dialling:
    """`phones` are the sides on the telephone. With `picked_up` the user's is in a call already, or was."""

    def __init__(self, *, expert_by_phone: bool, picked_up: bool = False) -> None:
        self._picked_up = picked_up
        self._expert_by_phone = expert_by_phone
        self._legs: dict[Side, Leg] = {}
        self.is_over = False

    def begin(self) -> list[Effect]:
        """The user's telephone is first: an expert is not called for somebody who can't be reached."""
        self._legs["user"] = "calling"
        told = Tell("user", "calling")
        return [told] if self._picked_up else [told, Call("user")]

    def news(self, side: Side, news: CallNews) -> list[Effect]:
        """What the engine says of a side's telephone. What comes after the end changes nothing."""
        if self.is_over or news.state == "calling":
            return []
        if news.state == "ended":
            return self._ended(side, news.ended or "failed")
        if self._legs[side] in (news.state, "answered"):
            return []
        self._legs[side] = news.state
        told: list[Effect] = [Tell(side, news.state)]
        return told + self._answered(side) if news.state == "answered" else told

    def no_line(self, side: Side, reason: Literal["phone_full", "failed"]) -> list[Effect]:
        """The engine could not even ring it: every line is taken, or something is wrong with it."""
        if self.is_over:
            return []
        ended = "phone_full" if reason == "phone_full" else f"{side}_failed"
        self.is_over = True
        return [Tell(side, "failed"), *self._hang_ups("unreached", but=side), End(None, ended)]

    def end(self, reason: str = "") -> list[Effect]:
        """The session is over, whoever ended it; by itself for this `reason`."""
        if self.is_over:
            return []
        self.is_over = True
        return self._hang_ups(LAST_WORDS.get(reason, ""))

    def _answered(self, side: Side) -> list[Effect]:
        done: list[Effect] = [Answered(side)]
        if side == "user" and self._expert_by_phone:
            self._legs["expert"] = "calling"
            return [*done, Tell("expert", "calling"), Call("expert")]
        both = all(self._legs.get(each) == "answered" for each in OTHER)
        return [*done, Join()] if both else done

    def _ended(self, side: Side, ended: Literal["hung_up", "busy", "no_answer", "declined", "failed"]) -> list[Effect]:
        self.is_over = True
        self._legs[side] = ended
        if ended == "hung_up":
            return [Tell(side, ended), *self._hang_ups("", but=side), End(side, f"{side}_{ended}")]
        return [Tell(side, ended), *self._hang_ups("unreached", but=side), End(None, f"{side}_{ended}")]

    def _hang_ups(self, words: Phrase | Literal[""], but: Side | None = None) -> list[Effect]:
        """The telephones that ring, which stop within the second, or talk, which may hear `words` first."""
        talk = [side for side, leg in self._legs.items() if leg == "answered"]
        return [HangUp(side, words if side in talk else "") for side in self._legs if side != but]
