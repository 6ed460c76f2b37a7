"""How much may be called: toll fraud and number pumping end here, whatever else they have got past.

Every call and every text is a row before it goes out, counted under a lock, so that a thousand requests at once get no
more than one after the other would. What counts is the last 24 hours, whatever became of the calls.
"""

import hashlib
import hmac
from typing import Any, Final, Literal

from msgspec import Struct

from ground.errors import Refusal
from ground.sql import Database, Tx
from queueing.facts import Side
from sessions.phone import store
from sessions.phone.numbers import prefix

DAY_MS: Final = 86_400_000
KEEP_MS: Final = 90 * DAY_MS
"""How long calls are kept: as long as a trunk's bill may be asked about."""
CODES: Final = ("code", "text")
CODES_OF_MEMBER: Final = 5
CODES_OF_NUMBER: Final = 5
CODES_OF_NETWORK: Final = 20
"""So many confirmations are begun for a member, for a number, from one network (an address without an account)."""
CODE_PAUSE_MS: Final = 30_000
CODE_CALL_MS: Final = 120_000
CODES_AT_ONCE: Final = 5
"""So many telephones of a pool ring for codes at a time: most lines are for those who want to talk."""
EXPERT_TIMES: Final = 20
"""An expert serves so many times what one user may ask for."""
PREFIX_PART: Final = 4
"""All numbers of one block together get at most one part in so many of what the pool may call."""
Purpose = Literal["code", "text", "turn", "session"]


class Plan(Struct, frozen=True, kw_only=True):
    """A call that somebody wants made. `call` names it: a repeat is the same call. `network` is who asks, "" where it
    does not matter."""

    call: str
    pool: str
    side: Side
    member: str
    number: str
    purpose: Purpose
    subject: str = ""
    network: str = ""


class Limits(Struct, frozen=True):
    """For 24 hours: to one number and for one user (`each`), and in the whole pool.

    `key` is a secret that makes numbers unreadable: they are counted by longer than they are kept, and a digest without
    a key is undone by trying all numbers there are.
    """

    each: int
    pool: int
    key: bytes


async def book(tx: Tx, plan: Plan, limits: Limits, now: int) -> str | None:
    """Count the call, which is about to be made. None; the worker it was given to (or "") where it was booked before.

    Refused `too_many_calls` (also a repeat with another number, for that one was never counted), and `phone_full` for a
    code while others are being called for theirs.
    """
    await store.lock(tx, plan.pool)
    known = await store.find_call(tx, plan.call)
    if known is not None:
        if known["digest"] != digest_of(limits.key, plan.pool, plan.number):
            raise Refusal("too_many_calls")
        return str(known["worker"])
    await check(tx, plan, limits, now)
    if plan.purpose in CODES:
        await _check_lines(tx, plan, limits, now)
    await store.add_call(tx, _row(plan, limits.key, now))
    return None


async def check(tx: Tx, plan: Plan, limits: Limits, now: int) -> None:
    """Whether such a call could be made now. Refused `too_many_calls`."""
    for most, matching in _bounds(plan, limits):
        if await store.count_calls(tx, plan.pool, now - DAY_MS, **matching) >= most:
            raise Refusal("too_many_calls")


def code_call(pool: str, side: Side, member: str, op: str) -> str:
    """What the call of a request for a code is called: a digest, for the name outlives whoever asked."""
    return f"code/{hashlib.sha256(f'{pool}/{side}/{member}/{op}'.encode()).hexdigest()}"


async def worker_of(db: Database, call: str) -> str:
    """The worker that a call was given to, "" when there is no such call."""
    async with db.read() as tx:
        known = await store.find_call(tx, call)
    return str(known["worker"]) if known else ""


async def given_to(tx: Tx, call: str, worker: str) -> None:
    """This worker makes the call."""
    await store.change_call(tx, call, worker=worker)


async def over(db: Database, call: str, outcome: str, now: int) -> None:
    """How the call went. One by which a number was confirmed meanwhile stays that."""
    async with db.begin() as tx:
        await store.end_call(tx, call, outcome, now)


async def tidy(db: Database, pool: str, now: int) -> None:
    """Let go of old calls."""
    async with db.begin() as tx:
        await store.forget_old_calls(tx, pool, now - KEEP_MS)


async def _check_lines(tx: Tx, plan: Plan, limits: Limits, now: int) -> None:
    """A telephone that rings for a code does not ring for another one at the same time, and few do."""
    ringing = {"purpose": "code", "ended_at": 0}
    if (
        plan.purpose == "code"
        and await store.count_calls(tx, plan.pool, now - CODE_CALL_MS, **ringing) >= CODES_AT_ONCE
    ):
        raise Refusal("phone_full")
    since = now - CODE_PAUSE_MS
    digest = digest_of(limits.key, plan.pool, plan.number)
    if await store.count_calls(tx, plan.pool, since, digest=digest, purpose=CODES):
        raise Refusal("too_many_calls")


def _bounds(plan: Plan, limits: Limits) -> list[tuple[int, dict[str, Any]]]:
    """What is counted, and how much of it there may be."""
    digest, member = digest_of(limits.key, plan.pool, plan.number), {"side": plan.side, "member": plan.member}
    each = limits.each * (EXPERT_TIMES if plan.side == "expert" else 1)
    bounds: list[tuple[int, dict[str, Any]]] = [
        (limits.pool, {}),
        (each, {"digest": digest, "side": plan.side}),
        (each, member),
    ]
    if plan.side == "user" or plan.purpose in CODES:
        bounds.append((max(1, limits.pool // PREFIX_PART), {"prefix": prefix(plan.number), "side": plan.side}))
    if plan.purpose in CODES:
        bounds += [
            (CODES_OF_MEMBER, {"purpose": CODES, **member}),
            (CODES_OF_NUMBER, {"purpose": CODES, "digest": digest}),
        ]
        if plan.network:
            network = digest_of(limits.key, plan.pool, plan.network)
            bounds.append((CODES_OF_NETWORK, {"purpose": CODES, "network": network}))
    return bounds


def _row(plan: Plan, key: bytes, now: int) -> dict[str, Any]:
    return {
        "call": plan.call, "pool": plan.pool, "side": plan.side, "member": plan.member, "number": plan.number,
        "digest": digest_of(key, plan.pool, plan.number), "prefix": prefix(plan.number),
        "network": digest_of(key, plan.pool, plan.network) if plan.network else "", "purpose": plan.purpose,
        "subject": plan.subject, "worker": "", "at": now, "ended_at": 0, "outcome": "",
    }  # fmt: skip


def digest_of(key: bytes, pool: str, value: str) -> str:
    """Of a number, say: to count by, also when its owner is forgotten."""
    return hmac.new(key, f"phone-caps\0{pool}\0{value}".encode(), hashlib.sha256).hexdigest()
