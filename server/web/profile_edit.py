"""Editing a profile over HTTP: fields, previews of what the server makes of them, testimonials."""

import asyncio
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from directory.editing import BadProfile, Changes
from directory.expert import BIOGRAPHY_MAX, Expert
from directory.holidays import holiday_countries
from directory.hours import HoursError, Schedule, windows
from directory.markdown import to_html
from directory.testimonials import Testimonials
from ground.errors import Refusal
from server.house import House
from server.web.asking import answer, route, sent
from server.web.editors import Editing, audited, done, editing
from sessions.feedback import Feedback
from wire.fields import MaybeId

PREVIEW_DAYS = 14
REASON_MAX = 200


class _Biography(Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=BIOGRAPHY_MAX)]


class _Hours(Struct, frozen=True, forbid_unknown_fields=True):
    hours: str = ""
    exceptions: str = ""
    holidays: str = ""
    timezone: str = "UTC"


class _Pins(Struct, frozen=True, forbid_unknown_fields=True):
    pinned: Annotated[list[MaybeId], Meta(max_length=100)]


class _Said(Struct, frozen=True, forbid_unknown_fields=True):
    text: str
    by: str


def routes(house: House) -> list[Route]:
    """All below one expert, and the countries whose holidays are known."""
    desk = _ProfileDesk(house)
    mine = "/v1/pools/{pool}/experts/{expert}"
    return [
        route(f"{mine}/profile", desk.read, "GET"),
        route(f"{mine}/profile", desk.write, "PUT"),
        route(f"{mine}/biography-preview", desk.preview_biography, "POST"),
        route(f"{mine}/hours-preview", desk.preview_hours, "POST"),
        route(f"{mine}/testimonials", desk.pin, "PUT"),
        route(f"{mine}/testimonials", desk.add, "POST"),
        route(f"{mine}/testimonials/{{testimonial}}", desk.remove, "DELETE"),
        route("/v1/holidays", _holidays, "GET"),
    ]


class _ProfileDesk:
    def __init__(self, house: House) -> None:
        self._house = house
        self._testimonials = Testimonials(house.database)
        self._feedback = Feedback(house.database)

    async def read(self, request: Request) -> Response:
        edit = await editing(request, self._house)
        return answer(await self._told(edit, await self._house.profiles.expert(edit.pool, edit.expert)))

    async def write(self, request: Request) -> Response:
        edit = await editing(request, self._house)
        changes = await sent(request, Changes)
        given = [name for name in changes.__struct_fields__ if getattr(changes, name) is not msgspec.UNSET]
        try:
            also = audited(self._house, edit, "change_profile", ", ".join(given))
            after = await self._house.profiles.change(edit.pool, edit.expert, changes, edit.by, also)
        except BadProfile as bad:
            wrong = [{"field": field, "reason": reason} for field, reason in bad.problems]
            return answer({"code": bad.code, "detail": bad.detail, "problems": wrong}, 422)
        await done(self._house, edit)
        return answer(await self._told(edit, after))

    async def preview_biography(self, request: Request) -> Response:
        """The HTML that the profile page would show."""
        await editing(request, self._house)
        text = (await sent(request, _Biography)).text
        return answer({"html": await asyncio.to_thread(to_html, text)})

    async def preview_hours(self, request: Request) -> Response:
        """The windows of the next days as the line would have them, or what is wrong with the hours."""
        await editing(request, self._house)
        asked = await sent(request, _Hours)
        plan = Schedule(asked.hours, asked.timezone, asked.exceptions, asked.holidays)
        now = self._house.clock.now_ms()
        try:
            found = await asyncio.to_thread(windows, plan, now, PREVIEW_DAYS)
        except HoursError as wrong:
            return answer({"always": False, "windows": [], "problem": str(wrong)})
        return answer({"always": found is None, "windows": found or [], "problem": ""})

    async def pin(self, request: Request) -> Response:
        """Which feedback the expert shows first. It is the expert's choice alone."""
        edit = await editing(request, self._house)
        if edit.by != "expert":
            raise Refusal("not_allowed")
        await self._feedback.pin(edit.pool, edit.expert, (await sent(request, _Pins)).pinned)
        await done(self._house, edit)
        return answer(await self._voices(edit))

    async def add(self, request: Request) -> Response:
        edit = _operators(await editing(request, self._house))
        said = await sent(request, _Said)
        now = self._house.clock.now_ms()
        also = audited(self._house, edit, "add_testimonial", said.by[:REASON_MAX])
        made = await self._testimonials.add(edit.pool, edit.expert, said.text, said.by, now, also)
        await done(self._house, edit)
        return answer(made)

    async def remove(self, request: Request) -> Response:
        edit = _operators(await editing(request, self._house))
        testimonial = request.path_params["testimonial"]
        also = audited(self._house, edit, "remove_testimonial", testimonial)
        await self._testimonials.remove(edit.pool, edit.expert, testimonial, also)
        await done(self._house, edit)
        return answer({})

    async def _told(self, edit: Editing, expert: Expert) -> dict[str, Any]:
        options = (await self._house.profiles.pool(edit.pool)).options
        told = {"profile": expert, "by": edit.by, "currency": options.currency, "prepaid": options.prepaid}
        return told | {"categories": options.categories} | await self._voices(edit)

    async def _voices(self, edit: Editing) -> dict[str, Any]:
        """What others said of the expert and stands first on the page."""
        pinned = await self._feedback.pinned(edit.pool, edit.expert)
        return {"testimonials": await self._testimonials.of(edit.pool, edit.expert), "pinned": pinned}


def _operators(edit: Editing) -> Editing:
    if edit.by != "operator":
        raise Refusal("not_allowed")
    return edit


async def _holidays(_request: Request) -> Response:
    """Every country whose public holidays can be chosen, with its parts."""
    response = answer({"countries": await asyncio.to_thread(holiday_countries)})
    response.headers["cache-control"] = "public, max-age=86400"
    return response
