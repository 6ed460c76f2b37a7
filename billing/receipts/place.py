"""A place in a line, followed through the facts of a receipt. Pure: the receipt is made and checked by the same rules.

Somebody in the line is their ordinal, which an operator's move changes and a transfer puts before all others. Who came
earlier is told by the arrivals, and neither changes that.
"""

from typing import Final

from msgspec import Struct, field

from billing.receipts.facts import AnyFact, Came, Joined, Left, Matched, Moved, Shifted


class Wrong(Exception):
    """A fact that can't be: the text says why."""


class Place(Struct):
    """Where the ticket stands. `others` are those who matter: at their ordinals, and whether they came earlier."""

    ordinal: int = 0
    others: dict[int, bool] = field(default_factory=dict)
    joined: bool = False
    moved: bool = False
    """An operator or a transfer has put somebody elsewhere, so that one who came earlier may stand behind."""

    @property
    def ahead(self) -> list[int]:
        return sorted(ordinal for ordinal in self.others if ordinal < self.ordinal)

    @property
    def position(self) -> int:
        """1 is the head of the line."""
        return len(self.ahead) + 1

    @property
    def earlier(self) -> list[int]:
        """Those who came earlier and are still in the line."""
        return sorted(ordinal for ordinal, earlier in self.others.items() if earlier)

    def follow(self, fact: AnyFact) -> None:
        """Carry the place on by one fact; those about something else change nothing. Raises Wrong."""
        match fact:
            case Joined():
                self._join(fact)
            case Left():
                self._known(fact.ordinal)
                del self.others[fact.ordinal]
            case Shifted():
                self._shift(fact)
            case Came():
                self._free(fact.ordinal)
                _check(fact.ordinal < self.ordinal, "somebody who came later was put ahead, but stands behind")
                self.others[fact.ordinal], self.moved = False, True
            case Moved():
                self._move(fact)
            case Matched():
                self._match(fact)

    def _join(self, fact: Joined) -> None:
        _check(not self.joined, "the ticket came to the line twice")
        self._check_sides(fact.ordinal, fact.ahead, fact.behind)
        _check(not fact.behind or fact.by in PUT_FIRST, "who comes stands behind everybody who came before")
        self.ordinal, self.joined = fact.ordinal, True
        self.moved = fact.by in PUT_FIRST
        self.others = dict.fromkeys([*fact.ahead, *fact.behind], True)

    def _shift(self, fact: Shifted) -> None:
        self._known(fact.ordinal)
        self._free(fact.to)
        earlier = self.others.pop(fact.ordinal)
        self.moved = True
        if earlier or fact.to < self.ordinal:  # who came later and stands behind matters no more
            self.others[fact.to] = earlier

    def _move(self, fact: Moved) -> None:
        self._needs_place()
        self._check_sides(fact.ordinal, fact.ahead, fact.behind)
        told = {*fact.ahead, *fact.behind}
        _check({*self.earlier} <= told, "somebody who came earlier is forgotten by a move")
        later = {ordinal: False for ordinal in fact.ahead if ordinal not in self.earlier}
        came = {ordinal for ordinal in later if ordinal not in self.others}
        _check(all(ordinal > self.ordinal for ordinal in came), "somebody is ahead after a move who was nowhere")
        _check({*fact.behind} <= {*self.earlier}, "somebody is behind after a move who was nowhere")
        self.others = dict.fromkeys(self.earlier, True) | later
        self.ordinal, self.moved = fact.ordinal, True

    def _match(self, fact: Matched) -> None:
        self._needs_place()
        passed = [ordinal for ordinal, _reason in fact.overtook]
        _check(sorted(passed) == self.earlier, "those overtaken are not those who came earlier and still wait")
        for ordinal, reason in fact.overtook:
            _check(reason in REASONS, f"nobody may be overtaken for {reason!r}")
            _check(reason not in PUTTING or self.moved, "an operator or a transfer is the reason, but has moved nobody")
            _check(ordinal < self.ordinal or self.moved, "somebody who came earlier stands behind, unmoved")

    def _check_sides(self, ordinal: int, ahead: list[int], behind: list[int]) -> None:
        _check(all(one < ordinal for one in ahead), "somebody ahead has a later ordinal")
        _check(all(one > ordinal for one in behind), "somebody behind has an earlier ordinal")
        _check(len({*ahead, *behind}) == len(ahead) + len(behind), "an ordinal is there twice")

    def _known(self, ordinal: int) -> None:
        self._needs_place()
        _check(ordinal in self.others, f"nobody was at {ordinal}")

    def _free(self, ordinal: int) -> None:
        self._needs_place()
        _check(ordinal not in self.others and ordinal != self.ordinal, f"somebody is at {ordinal} already")

    def _needs_place(self) -> None:
        _check(self.joined, "the ticket has no place yet")


PUT_FIRST: Final = frozenset(["operator", "transfer"])
"""Who may put a ticket before those who wait."""
PUTTING: Final = frozenset(["operator", "transferred"])
REASONS: Final = PUTTING | {"not_ready", "balance_too_low", "stepped_away", "disconnected", "declined", "elsewhere"}
"""For what somebody may be passed over."""


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Wrong(otherwise)
