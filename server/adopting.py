"""A visitor who signs in stays where they were: the place in line, the offer, the session."""

from typing import Final

import structlog

from ground.errors import Refusal, StoreUnavailable
from ground.ids import new_id
from identity.tokens import Identity
from server.house import House

MOVED: Final = "moved"
_log = structlog.get_logger("openline.adopting")


async def adopt(house: House, visitor: Identity, who: Identity) -> str:
    """What becomes of what `visitor` has in the lines now that this browser is `who`; both were just checked.

    "moved": it is theirs; "already_in_line": they have a place of their own, and nothing changed;
    "store_unavailable": it is not known; "": there was nothing. With `who` twice only the name goes over.
    """
    if (
        (visitor.account and visitor is not who)
        or (visitor.role, who.role) != ("user", "user")
        or visitor.pool != who.pool
    ):
        return ""
    if visitor.subject != who.subject:
        await house.logins.note_adopted(visitor, who, now=house.clock.now_ms())
    name = (await house.accounts.of(who.account)).name if who.account else who.name
    try:
        given = name or visitor.name
        await house.fanout.line.adopt(who.pool, visitor.subject, who.subject, name=given, op=new_id("op"))
    except Refusal as refusal:
        return refusal.code if refusal.code == "already_in_line" else ""
    except StoreUnavailable as error:
        _log.warning("visitor_not_adopted", pool=who.pool, error=str(error))
        return "store_unavailable"
    return MOVED
