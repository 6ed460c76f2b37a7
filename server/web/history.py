"""An expert's past, for the expert and operators: each indicator with its times, and who stood in the line."""

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ground.errors import Refusal
from presence import history
from queueing import waits
from server.house import House
from server.web import asking
from server.web.editors import editing

DAY_MS: Final = 86_400_000
LONGEST_MS: Final = 366 * DAY_MS


class _Range(msgspec.Struct):
    """Milliseconds since 1970: from `from_ms` on, before `to_ms`."""

    from_ms: int
    to_ms: int


def routes(house: House) -> list[Route]:
    """`GET /v1/pools/{pool}/experts/{expert}/timeline` and `/waits`, both with `?from=&to=` (ms; else the last day).

    `timeline` → {from, to, spans: [{indicator, cause, reason, by, from_ms, to_ms}], ms: {indicator: milliseconds}}: the
    spans that touch the time asked for, oldest first, whole (`to_ms` is 0 for the present one), and the time in each
    indicator within it. `waits` → {from, to, waits: [{ticket, expert, user, name, from_ms, to_ms, outcome, reason}]},
    newest first. Refused `not_signed_in`, `unknown_expert` (also another than oneself), `malformed`.
    """

    async def timeline(request: Request) -> Response:
        edit, asked = await editing(request, house), _range(request, house.clock.now_ms())
        spans = await history.timeline(house.database, edit.pool, edit.expert, asked.from_ms, asked.to_ms)
        spent = await history.time_in_state(house.database, edit.pool, edit.expert, asked.from_ms, asked.to_ms)
        return asking.answer({"from": asked.from_ms, "to": asked.to_ms, "spans": spans, "ms": spent})

    async def stays(request: Request) -> Response:
        edit, asked = await editing(request, house), _range(request, house.clock.now_ms())
        found = await waits.waits(house.database, edit.pool, edit.expert, asked.from_ms, asked.to_ms)
        return asking.answer({"from": asked.from_ms, "to": asked.to_ms, "waits": found})

    path = "/v1/pools/{pool}/experts/{expert}"
    return [asking.route(f"{path}/timeline", timeline, "GET"), asking.route(f"{path}/waits", stays, "GET")]


def _range(request: Request, now: int) -> _Range:
    """The time asked for, which ends now at the latest: nothing is known of what comes."""
    given = request.query_params
    try:
        to_ms = min(int(given.get("to", now)), now)
        from_ms = int(given.get("from", to_ms - DAY_MS))
    except ValueError:
        raise Refusal("malformed", "from and to are milliseconds since 1970") from None
    if not 0 <= from_ms <= to_ms <= from_ms + LONGEST_MS:
        raise Refusal("malformed", "from is before to, and at most a year before")
    return _Range(from_ms, to_ms)
