"""What happened in a line while one ticket stood in it, told from the stays of all. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from billing.receipts.facts import AnyFact, Came, Joined, Left, Moved, Shifted

Row = dict[str, Any]


class Told(NamedTuple):
    """A fact and where in the journal it comes from."""

    pos: int
    fact: AnyFact


def last_visit(stays: Sequence[Row]) -> list[Row]:
    """Of the stays of a ticket in one line those since it last came there, oldest first."""
    came = max((row["came_pos"] for row in stays), default=0)
    return [row for row in stays if row["came_pos"] == came]


def told(own: Sequence[Row], others: Sequence[Row]) -> list[Told]:
    """The facts of the ticket's last visit `own`, in order; `others` are the stays of all others since it came."""
    first, *moves = own
    mine = [Told(first["from_pos"], _joined(first, others))]
    mine += [Told(row["from_pos"], _moved(row, first["came_pos"], others)) for row in moves]
    return sorted([*mine, *_of_others(own, others)], key=lambda one: one.pos)


def _joined(own: Row, others: Sequence[Row]) -> Joined:
    ahead, behind = _around(own, others, own["from_pos"])
    return Joined(
        at=own["from_ms"], ordinal=own["ordinal"], ahead=ahead, behind=behind, rate=own["rate"],
        free_ms=own["free_ms"], by=own["by"],
    )  # fmt: skip


def _moved(own: Row, came: int, others: Sequence[Row]) -> Moved:
    ahead, behind = _around(own, others, came)
    return Moved(at=own["from_ms"], ordinal=own["ordinal"], ahead=ahead, behind=behind)


def _around(own: Row, others: Sequence[Row], came: int) -> tuple[list[int], list[int]]:
    """The ordinals ahead when a stay began, and those behind who came before `came`."""
    there = [row for row in others if row["from_pos"] < own["from_pos"] < row["to_pos"]]
    ahead = sorted(row["ordinal"] for row in there if row["ordinal"] < own["ordinal"])
    behind = sorted(row["ordinal"] for row in there if row["ordinal"] > own["ordinal"] and row["came_pos"] < came)
    return ahead, behind


def _of_others(own: Sequence[Row], others: Sequence[Row]) -> Iterator[Told]:
    """What others did that matters: whoever came earlier, and whoever stands ahead."""
    came, end = own[0]["came_pos"], own[-1]["to_pos"]
    begins = {(row["ticket"], row["from_pos"]): row for row in others}
    for row in others:
        here = _at(own, row["from_pos"])
        earlier = row["came_pos"] < came
        if not earlier and here is not None and row["ordinal"] < here["ordinal"]:
            before = _before(row, others)
            if before is None or before["ordinal"] > here["ordinal"]:
                yield Told(row["from_pos"], Came(at=row["from_ms"], ordinal=row["ordinal"]))
        if row["to_pos"] >= end or (here := _at(own, row["to_pos"])) is None:
            continue
        if not earlier and row["ordinal"] > here["ordinal"]:
            continue
        after = begins.get((row["ticket"], row["to_pos"]))
        if after is None:
            yield Told(row["to_pos"], Left(at=row["to_ms"], ordinal=row["ordinal"], why=row["why"]))
        else:
            yield Told(row["to_pos"], Shifted(at=row["to_ms"], ordinal=row["ordinal"], to=after["ordinal"]))


def _at(own: Sequence[Row], pos: int) -> Row | None:
    """The stay of the ticket during which something at `pos` happened."""
    return next((row for row in own if row["from_pos"] < pos < row["to_pos"]), None)


def _before(row: Row, others: Sequence[Row]) -> Row | None:
    """The stay from which somebody was moved to this one."""
    return next((one for one in others if one["ticket"] == row["ticket"] and one["to_pos"] == row["from_pos"]), None)
