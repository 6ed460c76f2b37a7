"""Finding experts: by words, category, language and price, in the order that the asker wants."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from directory.index.index import Index
from directory.index.ranking import AWAY_S, rank
from ground.clock import Clock
from ground.errors import Refusal
from server import views
from server.catalogue import Catalogue
from server.connection import Connection
from server.desks.desk import Handlers
from server.forecasts import Forecasts
from server.mirror import Mirror
from server.pages import View
from wire import messages
from wire.messages import Find, MatchedWord, PlaceForecast, Profile

FRESH_MS: Final = 500
"""An order is made so seldom for all who ask for the same without words."""
KEPT_MS: Final = 60_000
"""Later pages of an answer come from the order that its first page was made of."""
ORDERS_MOST: Final = 100
SEARCHES_AT_ONCE: Final = 4
CHUNK: Final = 1_000
"""So many experts are looked at before others have their turn."""
EXACT: Final = 60
"""Of so many at the top of an order by the wait the forecast is made; before that an estimate will do."""
STRANGERS: Final = 5
"""Experts who are in the index and not yet on this process's page are read, so many in one answer."""
WHY_MOST: Final = 12
NEVER: Final = PlaceForecast(p50=-1.0, p80=-1.0, bound=-1.0)
AT_ONCE: Final = PlaceForecast(p50=0.0, p80=0.0, bound=0.0)


class Order(Struct):
    """Who fits, first come first."""

    made_at: int
    experts: list[str]
    why: dict[str, list[MatchedWord]]


class Waits:
    """How soon each expert of one pool can serve somebody who joins now. Seconds; below 0 for never."""

    def __init__(self, mirror: Mirror, forecasts: Forecasts, now: int) -> None:
        self._mirror = mirror
        self._forecasts = forecasts
        self._now = now

    def near(self, expert: str) -> tuple[float, float]:
        """p50 and p80, as good as they can be had without making a forecast."""
        facts = self._mirror.experts.get(expert)
        if facts is None or facts.indicator == "offline":
            return -1.0, -1.0
        if facts.indicator == "closed":
            opens = (facts.until - self._now) / 1000
            return (opens, opens) if opens > 0 else (-1.0, -1.0)
        away = AWAY_S if facts.indicator == "away" else 0.0
        if facts.engagement == "idle" and not self._mirror.length(expert):
            return away, away
        made = self._forecasts.made(expert)
        rough = (made.p50, made.p80) if made else (self._forecasts.rough_s(expert),) * 2
        return rough[0] + away, rough[1] + away

    def needs_forecast(self, expert: str) -> bool:
        """Whether only a forecast can say it, and there is none yet."""
        facts = self._mirror.experts.get(expert)
        if facts is None or facts.indicator in ("offline", "closed", "free"):
            return False
        idle = facts.engagement == "idle" and not self._mirror.length(expert)
        return not idle and self._forecasts.made(expert) is None

    def told(self, expert: str) -> PlaceForecast:
        """What pages are told."""
        facts = self._mirror.experts.get(expert)
        if facts is None or facts.indicator in ("offline", "closed"):
            return NEVER
        if facts.engagement == "idle" and not self._mirror.length(expert):
            return AT_ONCE
        return self._forecasts.joining(expert)


class FindingDesk:
    """Answers `find`."""

    def __init__(self, index: Index, catalogue: Catalogue, clock: Clock) -> None:
        self._index = index
        self._catalogue = catalogue
        self._clock = clock
        self._orders: OrderedDict[tuple[object, ...], Order] = OrderedDict()
        self._turns = asyncio.Semaphore(SEARCHES_AT_ONCE)

    def handlers(self) -> Handlers:
        return {Find: self._find}

    async def _find(self, conn: Connection, ask: Find) -> messages.Found:
        view: View = conn.view
        order = await self._order(view, ask)
        shown = [
            expert for expert in order.experts[ask.offset : ask.offset + ask.limit] if expert in view.page.profiles
        ]
        waits = self._waits(view)
        await _forecast(waits, shown)
        found = [
            messages.FoundExpert(
                profile=view.page.profiles[expert],
                light=_light(view.live.mirror, expert),
                wait=waits.told(expert),
                why=order.why.get(expert, []),
            )
            for expert in shown
        ]
        return messages.Found(id=ask.id, total=len(order.experts), experts=found)

    def _waits(self, view: View) -> Waits:
        return Waits(view.live.mirror, view.forecasts, self._clock.now_ms())

    async def _order(self, view: View, ask: Find) -> Order:
        """Who fits, in order; from the last time if that was just now, or if this is a later page of it."""
        key = (view.live.pool, ask.words, ask.category, ask.language, ask.free_only, ask.rate_max, ask.sort)
        known = self._orders.get(key)
        age = self._clock.now_ms() - known.made_at if known else KEPT_MS
        if known and age < (KEPT_MS if ask.offset else 0 if ask.words.strip() else FRESH_MS):
            self._orders.move_to_end(key)
            return known
        async with self._turns:
            made = await (self._by_words(view, ask) if ask.words.strip() else self._all(view, ask))
        self._orders[key] = made
        self._orders.move_to_end(key)
        if len(self._orders) > ORDERS_MOST:
            self._orders.popitem(last=False)
        return made

    # ------------------------------------------------------------ who

    async def _all(self, view: View, ask: Find) -> Order:
        fits = _fitting(view, ask)
        experts: list[str] = []
        profiles = list(view.page.profiles.values())
        for start in range(0, len(profiles), CHUNK):
            experts += [one.expert for one in profiles[start : start + CHUNK] if fits(one)]
            await asyncio.sleep(0)
        return Order(self._clock.now_ms(), await self._sorted(view, ask, experts, {}), {})

    async def _by_words(self, view: View, ask: Find) -> Order:
        page, fits = view.page, _fitting(view, ask)
        narrow = bool(ask.category or ask.language or ask.free_only or ask.rate_max >= 0)

        def keep(expert: str) -> bool:
            return expert in page.profiles and fits(page.profiles[expert])

        hits = await self._index.search(view.live.pool, ask.words, keep=keep if narrow else None)
        await self._meet(view, [hit.expert for hit in hits if hit.expert not in page.profiles])
        hits = [hit for hit in hits if hit.expert in page.profiles]
        why = {
            hit.expert: [MatchedWord(word=word, source=source) for word, source in hit.words[:WHY_MOST]] for hit in hits
        }
        relevance = {hit.expert: hit.relevance for hit in hits}
        experts = sorted(relevance, key=lambda expert: (page.profiles[expert].name.casefold(), expert))
        return Order(self._clock.now_ms(), await self._sorted(view, ask, experts, relevance), why)

    async def _meet(self, view: View, strangers: Sequence[str]) -> None:
        for expert in strangers[:STRANGERS]:
            try:
                await self._catalogue.reread(view.live.pool, expert)
            except Refusal:
                continue  # gone since

    # ------------------------------------------------------------ in which order

    async def _sorted(self, view: View, ask: Find, experts: list[str], relevance: dict[str, float]) -> list[str]:
        """`experts`, who come by name, in the order asked for; those alike stay by name."""
        profiles = view.page.profiles
        match ask.sort:
            case "rate":
                return sorted(experts, key=lambda expert: profiles[expert].rate)
            case "rating":
                return sorted(experts, key=lambda expert: -profiles[expert].stars)
            case "name":
                return experts
        keys = await self._keys(view, ask, experts, relevance)
        order = sorted(experts, key=keys.__getitem__)
        if await _forecast(self._waits(view), order[:EXACT]):
            keys |= await self._keys(view, ask, order[:EXACT], relevance)
            order = sorted(experts, key=keys.__getitem__)
        return order

    async def _keys(
        self, view: View, ask: Find, experts: Sequence[str], relevance: dict[str, float]
    ) -> dict[str, float]:
        """What to sort by: less is better."""
        waits, profiles = self._waits(view), view.page.profiles
        keys: dict[str, float] = {}
        for number, expert in enumerate(experts, 1):
            wait = waits.near(expert)
            if ask.sort == "wait":
                keys[expert] = sum(wait) if wait[0] >= 0 else float("inf")
            else:
                keys[expert] = -rank(relevance.get(expert, 1.0), wait, profiles[expert].stars)
            if number % CHUNK == 0:
                await asyncio.sleep(0)
        return keys


def _fitting(view: View, ask: Find) -> Callable[[Profile], bool]:
    """Whether an expert is among those asked for."""
    below = ask.category + "/"
    language = ask.language.lower()
    facts = view.live.mirror.experts

    def fits(profile: Profile) -> bool:
        if ask.rate_max >= 0 and profile.rate > ask.rate_max:
            return False
        if ask.category and not any(one == ask.category or one.startswith(below) for one in profile.categories):
            return False
        if language and not any(speaks(one.lower(), language) for one in profile.languages):
            return False
        return not ask.free_only or (profile.expert in facts and facts[profile.expert].indicator == "free")

    return fits


def speaks(tag: str, wanted: str) -> bool:
    """Whether who speaks `tag` is understood by who wants `wanted`: de-CH answers de, and de answers de-CH."""
    return tag == wanted or tag.startswith(wanted + "-") or wanted.startswith(tag + "-")


async def _forecast(waits: Waits, experts: Sequence[str]) -> bool:
    """Make the forecasts that are missing, one at a time for others to have their turn; whether there were any."""
    missing = [expert for expert in experts if waits.needs_forecast(expert)]
    for expert in missing:
        waits.told(expert)
        await asyncio.sleep(0)
    return bool(missing)


def _light(mirror: Mirror, expert: str) -> messages.Light:
    facts = mirror.experts.get(expert)
    return views.light(mirror, facts) if facts else views.unknown(expert)
