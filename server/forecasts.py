"""How long it takes: forecasts for the lines of one pool, told at most every few seconds to those who stand in them
and to those whose page names the expert.

A forecast covers a few places more than there are, so that somebody who joins is answered from it at once.
"""

import asyncio
from typing import Final

from ground.clock import Clock
from presence.facts import ExpertFacts
from queueing import bound
from queueing.experience import Experience
from queueing.facts import TicketFacts
from queueing.forecast import LineState, forecast
from server.changes import Whole
from server.fanout import LivePool
from server.hub import Hub
from server.mirror import Mirror
from server.outlooks import outlooks
from server.translate import forecast_topic, line_topic, queue_topic
from wire import messages

EVERY_S: Final = 2.0
"""A line's forecast is told at most so often after changes."""
STALE_S: Final = 20.0
"""And at least so often while somebody waits or looks; none older is told."""
SPARE_PLACES: Final = 8
BETWEEN_S: Final = 0.01
MOST_PLACES: Final = 200


class Forecasts:
    """The forecasts of one pool. `experience` says what the past teaches about an expert."""

    def __init__(self, live: LivePool, hub: Hub, clock: Clock) -> None:
        self._live = live
        self._hub = hub
        self._clock = clock
        self._experiences: dict[str, Experience] = {}
        self._fallback = Experience.none()
        self._known: dict[str, messages.Forecast] = {}
        self._dirty: set[str] = set()
        live.listeners.append(self._dirty.update)
        live.outlooks = lambda expert: self.line(expert).outlooks

    def learn(self, experiences: dict[str, Experience], fallback: Experience) -> None:
        """What the books teach now; used from the next forecast on."""
        self._experiences, self._fallback = experiences, fallback
        self._known.clear()

    def places(self, places: list[messages.LinePlace]) -> list[messages.PlaceForecast]:
        """The forecast of each of one ticket's places."""
        return [self._at(place.expert, len(place.ahead)) for place in places]

    def joining(self, expert: str) -> messages.PlaceForecast:
        """The place of who would join the line of `expert` now."""
        return self._at(expert, self._live.mirror.length(expert))

    def made(self, expert: str) -> messages.PlaceForecast | None:
        """The same, if it was made lately and the line has not changed since."""
        known, ahead = self._known.get(expert), min(self._live.mirror.length(expert), MOST_PLACES - 1)
        if known is None or expert in self._dirty or len(known.places) <= ahead:
            return None
        return known.places[ahead] if known.at >= self._clock.now_ms() - STALE_S * 1000 else None

    def rough_s(self, expert: str) -> float:
        """The same as a guess that takes no time: whoever is engaged is taken to be halfway through. Seconds."""
        facts = self._live.mirror.experts.get(expert)
        typical = self._experiences.get(expert, self._fallback).typical_s
        engaged = 0.5 if facts and facts.engagement in ("in_session", "ringing") else 0.0
        return (engaged + self._live.mirror.length(expert)) * typical

    def line(self, expert: str) -> messages.Forecast:
        """The line of `expert`: every place in it, and that of who would join now."""
        length = min(self._live.mirror.length(expert), MOST_PLACES - 1)
        known = self._until(expert, length)
        places = known.places[: length + 1]
        facts = self._live.mirror.experts.get(expert)
        told: list[messages.Outlook] = outlooks(facts, places, known.at) if facts else ["" for _ in places]
        return messages.Forecast(at=known.at, expert=expert, places=places, outlooks=told)

    def _at(self, expert: str, ahead: int) -> messages.PlaceForecast:
        ahead = min(ahead, MOST_PLACES - 1)
        return self._until(expert, ahead).places[ahead]

    def _until(self, expert: str, ahead: int) -> messages.Forecast:
        """The forecast as far as the place with `ahead` before it; made anew when it is too short or too old."""
        known = self._known.get(expert)
        oldest = self._clock.now_ms() - STALE_S * 1000
        if known is None or len(known.places) <= ahead or known.at < oldest:
            known = self._known[expert] = self._make(expert, ahead + 1)
        return known

    def _make(self, expert: str, places: int) -> messages.Forecast:
        now = self._clock.now_ms()
        facts = self._live.mirror.experts.get(expert)
        places = min(places + SPARE_PLACES, MOST_PLACES)
        state = line_state(self._live.mirror, facts, places, now) if facts else LineState(engagement="idle")
        experience = self._experiences.get(expert, self._fallback)
        found = forecast(state, experience, places, now)
        return messages.Forecast(
            at=now,
            expert=expert,
            places=[
                messages.PlaceForecast(
                    p50=round(one.p50_s, 1),
                    p80=round(one.p80_s, 1),
                    bound=-1.0 if one.bound_s is None else round(one.bound_s, 1),
                )
                for one in found
            ],
            outlooks=[],  # made when it is told: the end of the hours may be another by then
        )

    async def run(self) -> None:
        """Tell the lines that changed, and now and then all that somebody waits for or looks at. Runs for ever."""
        rounds = 0
        while True:
            await asyncio.sleep(EVERY_S)
            rounds += 1
            lines = set(self._dirty)
            self._dirty.clear()
            if rounds % int(STALE_S / EVERY_S) == 0:
                lines |= self._live.mirror.experts.keys()
            for expert in sorted(lines):
                self._known.pop(expert, None)
                self._tell(expert)
                # A forecast takes a millisecond: one at a time, so that no command waits for all of them.
                await asyncio.sleep(min(BETWEEN_S, EVERY_S / len(lines)))

    def _tell(self, expert: str) -> None:
        names = [forecast_topic(expert)]
        if self._live.mirror.length(expert):
            names += [line_topic(expert), queue_topic(expert)]
        heard = [topic for topic in map(self._live.topic, names) if self._hub.watchers(topic)]
        if heard:
            change = Whole(f"forecast:{expert}", self.line(expert))
            for topic in heard:
                self._hub.post(topic, change)


def line_state(mirror: Mirror, expert: ExpertFacts, places: int, now: int) -> LineState:
    """One line as the forecast sees it, with the bounds of its first `places`."""
    session, line = mirror.sessions.get(expert.session), mirror.line(expert.expert)
    began = (session.live_at or session.matched_at) if session else expert.since
    cap = mirror.settings.session_cap_ms
    limits = [bound.limit_of(ticket, expert.expert) or cap for ticket in line]
    return LineState(
        engagement=expert.engagement,
        engaged_since_ms=began,
        wrap_up_until_ms=expert.until if expert.engagement == "wrap_up" else 0,
        cap_until_ms=(session.zero_at or session.cap_until) if session else 0,
        session_cap_ms=cap,
        wrap_up_ms=mirror.settings.wrap_up_ms,
        ring_ms=mirror.settings.ring_ms,
        waited_ahead=[max(0, now - ticket.joined_at) for ticket in line],
        limits_ahead=[min(limit, cap) for limit in limits],
        bounds=_bounds(mirror, expert, line, places, now),
    )


def _bounds(mirror: Mirror, expert: ExpertFacts, line: list[TicketFacts], places: int, now: int) -> list[int]:
    """The bounds of the first places, as far as there are any: none for an expert who doesn't serve, nor beyond the end
    of the hours."""
    if not (expert.present and expert.open and expert.declared == "online"):
        return []
    settings, offer = mirror.settings, mirror.offers.get(expert.offer)
    rung = mirror.tickets.get(offer.ticket) if offer else None
    engaged = bound.engaged_ms(settings, expert, mirror.sessions.get(expert.session), offer, rung, now)
    ahead = bound.line_ms(settings, expert.expert, line, rung)
    found = bound.bounds_ms(engaged, ahead, bound.ticket_ms(settings, 0), places)
    return [one for one in found if not expert.closes or now + one <= expert.closes]


class OpenForecasts:
    """The forecasts of all open pools of a process; `run` belongs beside each (`Fanout.on_open`)."""

    def __init__(self, hub: Hub, clock: Clock) -> None:
        self._hub = hub
        self._clock = clock
        self._of: dict[str, Forecasts] = {}

    def of(self, live: LivePool) -> Forecasts:
        """The forecasts of one open pool."""
        found = self._of.get(live.pool)
        if found is None:
            found = self._of[live.pool] = Forecasts(live, self._hub, self._clock)
        return found

    async def run(self, live: LivePool) -> None:
        """Tell the forecasts of one pool, for ever."""
        await self.of(live).run()
