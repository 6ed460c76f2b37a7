"""Testimonials that an operator entered. Those that experts choose are real feedback (`sessions/feedback.py`)."""

from msgspec import Struct, to_builtins

from directory import store
from ground.errors import Refusal
from ground.ids import new_id
from ground.sql import Also, Database

TEXT_MAX = 2000
BY_MAX = 100
EACH_MAX = 50
"""The most testimonials of one expert."""


class Testimonial(Struct, kw_only=True, frozen=True):
    """What was said, by whom, as an operator wrote it; `at` in ms. Pages always say that it comes from the operator."""

    testimonial: str
    text: str
    by: str
    at: int


class Testimonials:
    """Refusals: `unknown_expert`, `empty_text`, `too_long`, `too_many_testimonials`, `not_found`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, pool: str, expert: str, text: str, by: str, now: int, also: Also | None = None) -> Testimonial:
        """Enter one at `now` (ms)."""
        text, by = text.strip(), by.strip()
        if not text or not by:
            raise Refusal("empty_text", "by" if text else "text")
        if len(text) > TEXT_MAX or len(by) > BY_MAX:
            raise Refusal("too_long", "text" if len(text) > TEXT_MAX else "by")
        made = Testimonial(testimonial=new_id("t"), text=text, by=by, at=now)
        async with self._db.begin() as tx:
            if await store.find_expert(tx, pool, expert) is None:
                raise Refusal("unknown_expert", expert)
            if len(await store.testimonials_of(tx, pool, expert)) >= EACH_MAX:
                raise Refusal("too_many_testimonials", str(EACH_MAX))
            await store.add_testimonial(tx, {"pool": pool, "expert": expert} | to_builtins(made))
            if also:
                await also(tx)
        return made

    async def remove(self, pool: str, expert: str, testimonial: str, also: Also | None = None) -> None:
        """Take one away. Refused `not_found`."""
        async with self._db.begin() as tx:
            if not await store.delete_testimonial(tx, pool, expert, testimonial):
                raise Refusal("not_found", testimonial)
            if also:
                await also(tx)

    async def of(self, pool: str, expert: str) -> list[Testimonial]:
        """Those of one expert, the newest first."""
        async with self._db.read() as tx:
            rows = await store.testimonials_of(tx, pool, expert)
        return [Testimonial(**{field: row[field] for field in Testimonial.__struct_fields__}) for row in rows]
