"""Telephone numbers: whose is which, how they are confirmed, and whether somebody may be called at all."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, Literal, cast

import structlog

from directory.expert import PoolOptions
from ground.clock import Clock
from ground.errors import Refusal, StoreUnavailable
from ground.sql import FAILURES, Database
from queueing.line import Line
from server.connection import Connection
from server.desks.calls import side_of
from server.desks.desk import Handlers
from server.limits import is_own_machine
from server.mail_texts import chosen, text
from server.pages import View
from sessions.media.orders import AskKeys, Keyed, Outcome, Result, TellCode, Told
from sessions.media.post import Post, Unanswered
from sessions.media.workers import Caller, Workers
from sessions.phone import book as books
from sessions.phone import caps, store
from sessions.phone.book import Book, Entry, Way, callable_number
from sessions.phone.caps import Limits, Plan
from sessions.phone.code_calls import KEYS_S, SAY_S
from sessions.phone.codes import DIGITS
from sessions.phone.numbers import parse, shown
from sessions.phone.texts import NotSent, Texts
from wire import messages

RING_S: Final = 30.0
LATE_S: Final = 5.0
CALLING_MS: Final = 120_000
"""A call to confirm a number is over by then, whatever was heard of it."""
SAID_MS: Final = 600_000
"""How long a page is told how such a call ended."""
VOICE: Final = "voice"
KEYS: Final = "keys"
"""How a call tells its code, as the books keep it."""
_IN_WORDS: Final[dict[str, messages.CodeCall]] = {"bad_code": "wrong_keys", "number_taken": "taken"}
_log = structlog.get_logger("openline.phone")


class PhoneDesk:
    """Answers what pages ask about their own number, and `call_me`. Without `texts` codes are told by calls alone."""

    def __init__(
        self, db: Database, book: Book, line: Line, workers: Workers, post: Post, texts: Texts | None, clock: Clock,
        calls_a_day: int,
    ) -> None:  # fmt: skip
        self._db, self._book, self._line, self._clock = db, book, line, clock
        self._workers, self._post, self._texts = workers, post, texts
        self._calls_a_day = calls_a_day
        self._tasks: set[asyncio.Task[None]] = set()

    def handlers(self) -> Handlers:
        return {
            messages.MyNumber: self._my_number,
            messages.SetNumber: self._set_number,
            messages.VerifyNumber: self._verify_number,
            messages.ConfirmNumber: self._confirm_number,
            messages.ForgetNumber: self._forget_number,
            messages.AnswerOn: self._answer_on,
            messages.CallMe: self._call_me,
        }

    async def close(self) -> None:
        """Stop waiting for calls."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def check(self, conn: Connection) -> None:
        """Somebody wants to be called. Refused as `callable_number`, and `too_many_calls`."""
        options = _options(conn)
        entry = await self._book.of(conn.pool, "user", conn.member)
        number = callable_number(entry, options.phone_regions, verified=options.verify_numbers)
        plan = Plan(call="", pool=conn.pool, side="user", member=conn.member, number=number, purpose="session")
        async with self._db.read() as tx:
            await caps.check(tx, plan, self._limits(options), self._clock.now_ms())
        if entry.missed_at:
            await books.back(self._db, conn.pool, conn.member)

    # ------------------------------------------------------------ one's number

    async def _my_number(self, conn: Connection, ask: messages.MyNumber) -> messages.NumberPage:
        return await self._page(conn, ask)

    async def _set_number(self, conn: Connection, ask: messages.SetNumber) -> messages.NumberPage:
        """Refused `no_phone`, `bad_number`, `number_refused`, `region_not_called`."""
        regions = _options(conn).phone_regions
        if not regions:
            raise Refusal("no_phone")
        number = parse(ask.number, ask.region, regions)
        now = self._clock.now_ms()
        await self._book.set_number(conn.pool, side_of(conn), conn.member, number, now, ask.language)
        return await self._page(conn, ask)

    async def _forget_number(self, conn: Connection, ask: messages.ForgetNumber) -> messages.NumberPage:
        await self._book.forget(conn.pool, side_of(conn), conn.member)
        return await self._page(conn, ask)

    async def _answer_on(self, conn: Connection, ask: messages.AnswerOn) -> messages.NumberPage:
        """Refused `no_number`, `number_unverified`."""
        await self._book.answer_on(conn.pool, conn.member, ask.where, self._clock.now_ms())
        return await self._page(conn, ask)

    async def _call_me(self, conn: Connection, ask: messages.CallMe) -> messages.Ok:
        """Refused as `callable_number` (confirmed ones only), `no_ticket`, `in_session`, `not_by_phone`,
        `rate_higher`."""
        if ask.on:
            await self._callable(conn, verified=True)
        answer = await self._line.call_me(conn.pool, conn.member, on=ask.on, rate=ask.rate, op=ask.op)
        return messages.Ok(id=ask.id, seq=answer["seq"])

    async def _callable(self, conn: Connection, *, verified: bool) -> str:
        entry = await self._book.of(conn.pool, side_of(conn), conn.member)
        return callable_number(entry, _options(conn).phone_regions, verified=verified)

    def _limits(self, options: PoolOptions) -> Limits:
        return self._book.limits(options.phone_calls, self._calls_a_day)

    async def _page(self, conn: Connection, ask: messages.Request, keys: str = "") -> messages.NumberPage:
        side, options = side_of(conn), _options(conn)
        async with self._db.read() as tx:
            entry = await books.entry_of(tx, conn.pool, side, conn.member)
            call = await store.last_call(tx, conn.pool, side, conn.member, "code")
        ways: list[Literal["call", "text"]] = ["call", "text"] if self._texts else ["call"]
        state = self._call_state(call, entry)
        return messages.NumberPage(
            id=ask.id,
            shown=shown(entry.number) if entry.number else "",
            region=entry.region,
            verified=entry.verified_at > 0,
            usable=_is_usable(entry, options),
            regions=options.phone_regions,
            ways=ways if options.phone_regions else [],
            answers_on=entry.answers_on,
            keys=keys,
            spoken=call is not None and state != "" and call["subject"] == VOICE,
            call=state,
            missed_at=entry.missed_at,
        )

    def _call_state(self, call: Any, entry: Entry) -> messages.CodeCall:
        """How the last call stands that was to confirm the present number."""
        now = self._clock.now_ms()
        if call is None or call["number"] != entry.number or now - call["at"] > SAID_MS:
            return ""
        if call["outcome"]:
            return cast(messages.CodeCall, call["outcome"])
        return "calling" if now - call["at"] < CALLING_MS else "failed"

    # ------------------------------------------------------------ confirming it

    async def _verify_number(self, conn: Connection, ask: messages.VerifyNumber) -> messages.NumberPage:
        """Refused as `callable_number`, `too_many_calls`, `no_texts`, `no_media`, `phone_full`."""
        if ask.by == "text" and self._texts is None:
            raise Refusal("no_texts")
        side, now = side_of(conn), self._clock.now_ms()
        number = await self._callable(conn, verified=False)
        caller = await self._workers.choose_caller() if ask.by == "call" else None
        plan = Plan(
            call=caps.code_call(conn.pool, side, conn.member, ask.op), pool=conn.pool, side=side, member=conn.member,
            number=number, purpose="code" if caller else "text", subject=_how(caller),
            network="" if is_own_machine(conn.address) else conn.address,
        )  # fmt: skip
        fresh, how, code = await self._code(plan, self._limits(_options(conn)), ask, now)
        if not fresh:
            return await self._page(conn, ask, keys=code if how == KEYS else "")
        if caller is None:
            await self._text(conn, plan, code, ask.language)
        elif caller.speaks:
            self._beside(self._tell(plan, caller.worker, code, ask.language))
        else:
            self._beside(self._ask_keys(plan, caller.worker))
        return await self._page(conn, ask, keys=code if how == KEYS else "")

    async def _code(
        self, plan: Plan, limits: Limits, ask: messages.VerifyNumber, now: int
    ) -> tuple[bool, str, str]:  # fmt: skip
        """Whether the request is none that was answered before, how it is told (see `VOICE`), and its code."""
        async with self._db.begin() as tx:
            fresh = await caps.book(tx, plan, limits, now) is None
            await books.speaks(tx, plan.pool, plan.side, plan.member, ask.language)
            row = await store.find_call(tx, plan.call)
            how = str(row["subject"]) if row else ""  # of a repeat it is what it was, whoever could speak now
            way: Way = "keys" if how == KEYS else "page"
            whose = (plan.pool, plan.side, plan.member, way, ask.op)
            code = await (self._book.new_code(tx, *whose, now) if fresh else self._book.code(tx, *whose))
        return fresh, how, code

    async def _confirm_number(self, conn: Connection, ask: messages.ConfirmNumber) -> messages.NumberPage:
        """Refused `bad_code`, `code_expired`, `number_taken`."""
        await self._book.confirm(conn.pool, side_of(conn), conn.member, "page", ask.code, self._clock.now_ms())
        return await self._page(conn, ask)

    async def _text(self, conn: Connection, plan: Plan, code: str, language: str) -> None:
        assert self._texts is not None
        view: View = conn.view
        spoken = chosen(language)
        words = text(spoken, "text.code", pool=view.page.pool.name, code=code)
        try:
            await self._texts.send(plan.number, words, spoken, plan.call, self._clock.now_ms())
        except NotSent as why:
            _log.warning("text_not_sent", pool=plan.pool, error=str(why))
            raise Refusal("no_texts") from None

    async def _ask_keys(self, plan: Plan, worker: str) -> None:
        """Ring the number, and see whether the keys that are pressed there are those that the page shows."""
        said = await self._called(plan, worker, AskKeys(plan.number, DIGITS, "", RING_S), RING_S + KEYS_S + LATE_S)
        outcome = await self._heard(plan, said) if isinstance(said, Keyed) else "failed"
        await caps.over(self._db, plan.call, outcome, self._clock.now_ms())

    async def _tell(self, plan: Plan, worker: str, code: str, language: str) -> None:
        """Ring the number, and say the code there."""
        order = TellCode(plan.number, code, language, "", RING_S)
        said = await self._called(plan, worker, order, RING_S + SAY_S + LATE_S)
        outcome = _unheard(said.outcome) if isinstance(said, Told) else "failed"
        await caps.over(self._db, plan.call, outcome or "told", self._clock.now_ms())

    async def _called(self, plan: Plan, worker: str, order: AskKeys | TellCode, seconds: float) -> Result | None:
        try:
            return await self._post.ask(worker, order, seconds)
        except (Unanswered, Refusal, StoreUnavailable) as error:
            _log.warning("code_not_called", pool=plan.pool, error=type(error).__name__)
            return None

    async def _heard(self, plan: Plan, said: Keyed) -> messages.CodeCall:
        if unheard := _unheard(said.outcome):
            return unheard
        try:
            now = self._clock.now_ms()
            await self._book.confirm(plan.pool, plan.side, plan.member, "keys", said.keys, now, called=plan.number)
        except Refusal as refusal:
            return _IN_WORDS.get(refusal.code, "failed")
        return "confirmed"

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("number_not_confirmed", error=type(error).__name__, known=isinstance(error, FAILURES))


def _how(caller: Caller | None) -> str:
    """How the call of `caller` tells its code; "" for a text."""
    return "" if caller is None else VOICE if caller.speaks else KEYS


def _unheard(outcome: Outcome) -> messages.CodeCall:
    """Why nobody heard anything; "" where somebody picked up."""
    if outcome == "answered":
        return ""
    return "failed" if outcome == "hung_up" else outcome


def _options(conn: Connection) -> PoolOptions:
    view: View = conn.view
    return view.page.pool.options


def _is_usable(entry: Entry, options: PoolOptions) -> bool:
    try:
        callable_number(entry, options.phone_regions, verified=options.verify_numbers)
    except Refusal:
        return False
    return True
