"""Who may edit the profile that a path names: the expert whose it is, and operators."""

from collections.abc import Sequence
from typing import get_args

import structlog
from msgspec import Struct
from starlette.requests import Request

from directory.editing import Editor
from directory.expert import ID
from ground.errors import Refusal, StoreUnavailable
from ground.sql import Also, Tx
from identity import audit
from identity.tokens import Identity, Member
from server.house import House
from server.web.asking import came, member

_log = structlog.get_logger("openline.profiles")


class Editing(Struct, frozen=True):
    """Who edits whom, as what."""

    pool: str
    expert: str
    by: Editor
    who: Identity


async def editing(request: Request, house: House) -> Editing:
    """The editor of the profile that the path names. Raises Refusal: `not_signed_in`, or `unknown_expert` for one of
    others and one who doesn't exist alike."""
    pool, expert = named(request)
    mine = await _signed_in(request, house, pool, "expert")
    if mine is not None and mine.subject == expert:
        return Editing(pool, (await house.profiles.expert(pool, expert)).expert, "expert", mine)
    operator = await _signed_in(request, house, pool, "operator")
    if operator is not None:
        return Editing(pool, (await house.profiles.expert(pool, expert)).expert, "operator", operator)
    raise Refusal("unknown_expert" if mine is not None else "not_signed_in")


async def coming(request: Request, house: House, roles: Sequence[Member]) -> Identity:
    """Who asks about their own, as the `role` of the query ("user" where none is named): whom the cookie shows; a
    host's own users, who have none, come with the token of their site. Raises Refusal (`malformed`, `not_signed_in`,
    and what a token is refused with)."""
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        who = await house.guard.of_token(token, pool_named(request))
        if who.role not in roles:
            raise Refusal("not_signed_in")
        return who
    role = request.query_params.get("role", "user")
    if role not in get_args(Member):
        raise Refusal("malformed", "role")
    if role not in roles:
        raise Refusal("not_signed_in")
    return await member(request, house.guard, pool_named(request), [role])  # type: ignore[list-item]


async def operating(request: Request, house: House) -> Identity:
    """The operator who asks. Raises Refusal (`not_signed_in`)."""
    return await member(request, house.guard, pool_named(request), ["operator"])


def named(request: Request) -> tuple[str, str]:
    """The pool and the expert of the path. Raises Refusal (`unknown_expert`) for what can't be one."""
    pool, expert = request.path_params["pool"], request.path_params["expert"]
    if not ID.fullmatch(pool) or not ID.fullmatch(expert):
        raise Refusal("unknown_expert")
    return pool, expert


def pool_named(request: Request) -> str:
    """The pool of the path. Raises Refusal (`no_such_pool`) for what can't be one."""
    pool: str = request.path_params["pool"]
    if not ID.fullmatch(pool):
        raise Refusal("no_such_pool")
    return pool


def audited(house: House, edit: Editing, action: str, detail: str = "") -> Also | None:
    """What an operator's change of a profile writes beside it: its line in the audit. An expert's own has none."""
    return noting(house, edit.who, action, f"expert:{edit.expert}", detail) if edit.by == "operator" else None


async def done(house: House, edit: Editing) -> None:
    """A profile has changed: whoever looks is told."""
    try:
        await house.news.profile(edit.pool, edit.expert)
    except StoreUnavailable as error:  # the directory is read again every few seconds anyway
        _log.warning("profile_not_announced", pool=edit.pool, expert=edit.expert, error=str(error))


def noting(house: House, who: Identity, action: str, thing: str, reason: str = "") -> Also:
    """Puts what an operator does into the audit, in the transaction that does it."""
    did = audit.Action(actor=who.subject, action=action, object=thing, reason=reason)

    async def also(tx: Tx) -> None:
        await audit.note(tx, who.pool, house.clock.now_ms(), did)

    return also


async def _signed_in(request: Request, house: House, pool: str, role: Member) -> Identity | None:
    header = request.headers.get("cookie", "")
    return await house.guard.of_cookie(header, pool, [role], secure=came(request).secure)
