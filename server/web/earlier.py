"""One's own earlier sessions over HTTP: when, with whom, for how long, what it came to, and what is kept of them.

What is kept is fetched with tickets of the socket (`server/desks/keeping.py`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, cast

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billing import meter
from billing.meter import BillFacts
from ground.errors import Refusal
from identity.tokens import Identity
from queueing.facts import Mode, Side
from server.house import House
from server.views import Names
from server.web.asking import answer, route
from server.web.editors import coming
from sessions import earlier
from sessions.earlier import Earlier
from sessions.recording.keeping import Kept

_CURSOR: Final = re.compile(r"([0-9]{1,15})-([A-Za-z0-9_-]{1,64})")


class Recorded(Struct, frozen=True):
    """A recording that is kept until `erase_at` (ms), or will be; `failed`: none could be made."""

    state: Literal["pending", "ready", "failed"]
    erase_at: int


class Item(Struct, kw_only=True, frozen=True):
    """A session that began at `at` (ms); both were connected for so many `seconds` (0: never). `amount`, in minor
    units: what it cost its user, or brought its expert. `went_to` names the colleague with whom the user went on."""

    session: str
    partner: str
    mode: Mode
    at: int
    seconds: int
    amount: int
    went_to: str
    transcript: bool
    recording: Recorded | None


class Told(Struct, kw_only=True, frozen=True):
    """A page, newest first. `next` is the cursor of the page after it, "" at the end; `currency` that of the amounts,
    "" where there are none."""

    currency: str
    sessions: list[Item]
    next: str


def routes(house: House) -> list[Route]:
    """`GET /v1/pools/{pool}/account/sessions?role=&before=`: one's own, as user or expert. Refused `not_signed_in`,
    `malformed`."""

    async def own(request: Request) -> Response:
        who = await coming(request, house, ["user", "expert"])
        return answer(await _page(house, who, _before(request)))

    return [route("/v1/pools/{pool}/account/sessions", own, "GET")]


async def _page(house: House, who: Identity, before: tuple[int, str] | None) -> Told:
    side = cast(Side, who.role)
    found, more = await earlier.page(house.database, who.pool, side, who.subject, before)
    sessions = [one.session for one in found]
    async with house.database.read() as tx:
        bills = await meter.bills(tx, who.pool, sessions)
    kept = await _kept(house, who, side, sessions)
    names = await house.catalogue.names(who.pool)
    return Told(
        currency=next((bill.currency for bill in bills.values()), ""),
        sessions=[_item(one, side, names, bills.get(one.session), kept) for one in found],
        next=f"{found[-1].ended_at}-{found[-1].session}" if more else "",
    )


async def _kept(house: House, who: Identity, side: Side, sessions: Sequence[str]) -> Mapping[str, Kept]:
    if house.recordings is None:
        return {}
    return await house.recordings.of_sessions(who.pool, sessions, side, who.subject, now=house.clock.now_ms())


def _item(one: Earlier, side: Side, names: Names, bill: BillFacts | None, kept: Mapping[str, Kept]) -> Item:
    amount = (bill.amount if side == "user" else bill.credit) if bill else 0
    return Item(
        session=one.session, partner=names(one.expert) if side == "user" else one.name, mode=one.mode, at=one.at,
        seconds=one.ran_ms // 1000, amount=amount, went_to=names(one.went_to) if one.went_to else "",
        transcript=one.spoken, recording=_recorded(kept.get(one.session)),
    )  # fmt: skip


def _recorded(kept: Kept | None) -> Recorded | None:
    return None if kept is None or kept.state == "erased" else Recorded(kept.state, kept.erase_at)


def _before(request: Request) -> tuple[int, str] | None:
    """Where the page begins; None: with the newest. Raises Refusal (`malformed`)."""
    given = request.query_params.get("before", "")
    if not given:
        return None
    found = _CURSOR.fullmatch(given)
    if not found:
        raise Refusal("malformed", "before")
    return int(found[1]), found[2]
