"""The profile page `/p/{pool}/x/{expert}`: whole without a script; with one, the light in it is live."""

import asyncio
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct, to_builtins
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from directory.expert import Expert, Pool
from directory.hours import windows
from directory.markdown import plain, to_html
from directory.rates import rates_of
from directory.testimonials import Testimonial, Testimonials
from ground.errors import Refusal
from server.house import House
from server.web import profile_view as view
from server.web.asking import came
from server.web.editors import named
from server.web.rendering import language_of, page, render
from server.web.words import LANGUAGES, number
from sessions.feedback import Feedback, Given, Page
from sessions.standing import NONE, Standing, standings

FEEDBACK_EACH: Final = 10
DESCRIPTION_MAX: Final = 160
_AT_MAX: Final = 2**53


class Known(Struct, frozen=True):
    """All that a profile page is made of. `at` is now, in ms; `before` where its feedback begins (0: the newest)."""

    pool: Pool
    expert: Expert
    standing: Standing
    feedback: Page
    pinned: list[Given]
    testimonials: list[Testimonial]
    origin: str
    at: int
    before: int = 0


def routes(house: House) -> list[Route]:
    """The page, and a page that says that there is none."""
    feedback, testimonials = Feedback(house.database), Testimonials(house.database)

    async def known(request: Request) -> Known:
        pool, expert = named(request)
        before = _before(request.query_params.get("before", ""))
        return Known(
            pool=await house.profiles.pool(pool),
            expert=await house.profiles.expert(pool, expert),
            standing=(await standings(house.database, pool, [expert])).get(expert, NONE),
            feedback=await feedback.page(pool, expert, before, FEEDBACK_EACH),
            pinned=await feedback.pinned(pool, expert),
            testimonials=await testimonials.of(pool, expert),
            origin=house.config.base_url or came(request).own_origin,
            at=house.clock.now_ms(),
            before=before,
        )

    async def show(request: Request) -> Response:
        language = language_of(request)
        try:
            found = await known(request)
        except Refusal as refusal:
            there = refusal.code == "unknown_expert" and request.path_params["pool"]
            body = render("missing.html", language, directory=f"/p/{there}" if there else "")
            return Response(body, 404, media_type="text/html")
        # Templates and Markdown take milliseconds, and the loop has others to serve.
        return page(request, await asyncio.to_thread(written, found, language))

    return [Route("/p/{pool}/x/{expert}", show, methods=["GET"])]


def written(known: Known, language: str) -> bytes:
    """The page in one language. Pure."""
    expert, options = known.expert, known.pool.options
    rates = rates_of(expert, options)
    hours = windows(expert, known.at, view.DAYS)
    links = view.links(known.pool.pool, expert)
    older = known.feedback.items[-1].at if known.feedback.more else 0
    return render(
        "profile.html", language,
        pool=known.pool.pool, pool_name=known.pool.name, expert=expert, standing=known.standing, origin=known.origin,
        links=links, initials=initials(expert.name),
        description=expert.headline or plain(expert.biography, DESCRIPTION_MAX) or expert.name,
        biography=to_html(expert.biography),
        service=view.service(language, expert.started_on, known.at, expert.timezone),
        prices=view.prices(language, rates, options.currency) if options.prepaid else [], currency=options.currency,
        free_minutes=options.free_minutes if any(rates.values()) else 0,
        spoken=[{"tag": tag, "name": view.language_name(tag, language)} for tag in expert.languages],
        held=number(language, known.standing.sessions, 0),
        always=hours is None, week=view.week(language, hours or [], known.at, expert.timezone),
        zone=view.zone_name(expert.timezone, language, known.at),
        average=view.average(language, known.standing.stars), distribution=view.rows(known.standing.distribution),
        feedback=[_dated(one, language) for one in known.feedback.items],
        pinned=[_dated(one, language) for one in known.pinned if one.text],
        testimonials=known.testimonials,
        older=_at(links["self"], language, older) if older else "",
        newest=_at(links["self"], language, 0) if known.before else "",
        tongues=[{"tag": tag, "name": view.language_name(tag, tag)} for tag in LANGUAGES],
    )  # fmt: skip


def initials(name: str) -> str:
    """What stands where there is no photo: up to two letters."""
    words = name.split()
    chosen = [words[0], words[-1]] if len(words) > 1 else words[:1]
    return "".join(word[0] for word in chosen).upper()


def _dated(one: Given, language: str) -> dict[str, Any]:
    answered = view.said_on(language, one.answered_at) if one.answer else None
    given: dict[str, Any] = to_builtins(one)
    return given | {"on": view.said_on(language, one.at), "answered": answered}


def _at(path: str, language: str, before: int) -> str:
    """A page of the feedback, in the language of this one."""
    asked = {"lang": language} | ({"before": before} if before else {})
    return f"{path}?{urlencode(asked)}#feedback"


def _before(text: str) -> int:
    """A time (ms) as an address names it; 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 17 and int(text) < _AT_MAX else 0
