"""A visitor who signs in stays where they were: the place in line, the offer, the session."""

from typing import Final

import structlog

from ground.errors import Refusal, StoreUnavailable
from ground.ids import new_id
from identity.tokens import Identity
from server.house import House
from sessions.phone import book

MOVED: Final = "moved"
_log = structlog.get_logger("openline.adopting")


async def adopt(house: House, visitor: Identity, who: Identity) -> str:
    """What becomes of what `visitor` has in the lines now that this browser is `who`; both were just checked.

    "moved": it is theirs; "already_in_line": they have a place of their own, and nothing changed;
    "store_unavailable": it is not known; "": there was nothing. With `who` twice only the name goes over.
    """
    if (visitor.role, who.role) != ("user", "user") or visitor.pool != who.pool:
        return ""
    if visitor is not who and not await _is_visitor(house, visitor):
        return ""
    if visitor.subject != who.subject:
        await house.logins.note_adopted(visitor, who, now=house.clock.now_ms())
        async with house.database.begin() as tx:
            await book.adopt(tx, who.pool, visitor.subject, who.subject)
    name = (await house.accounts.of(who.account)).name if who.account else who.name
    given = name or visitor.name
    if visitor is who and not given:
        return ""
    try:
        await house.fanout.line.adopt(who.pool, visitor.subject, who.subject, name=given, op=new_id("op"))
    except Refusal as refusal:
        return refusal.code if refusal.code == "already_in_line" else ""
    except StoreUnavailable as error:
        _log.warning("visitor_not_adopted", pool=who.pool, error=str(error))
        return "store_unavailable"
    return MOVED


async def _is_visitor(house: House, who: Identity) -> bool:
    """Whether this browser was nobody in particular; from one person to another nothing goes over."""
    how, _at = await house.sign_ins.how(who.token_id)
    return how == "visitor" and not who.account
