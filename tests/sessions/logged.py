"""Sessions in the books, as the conductor writes them."""

from typing import Any

from ground.sql import Database, Stamp
from queueing.facts import SessionFacts
from sessions.facts import SaidFacts
from sessions.store import record

MINUTE = 60_000


def session(name: str, user: str = "uma", expert: str = "ada", **changes: Any) -> SessionFacts:
    """A session that was live for a minute."""
    values: dict[str, Any] = {
        "cause": "ended", "session": name, "expert": expert, "user": user, "name": user.title(), "ticket": f"t-{name}",
        "mode": "chat", "state": "ended", "joined_at": 100, "matched_at": 200, "live_at": 300,
        "ended_at": 300 + MINUTE, "cap_until": 0, "user_on": False, "expert_on": False, "gone_side": "",
        "gone_until": 0, "overtook": [], "reason": "ended", "by": "user",
    }  # fmt: skip
    return SessionFacts(**(values | changes))


def said(name: str, n: int, side: Any, text: str) -> SaidFacts:
    return SaidFacts(session=name, n=n, side=side, text=text, at=300 + n, op=f"op-{name}-{n}")


async def log(db: Database, pool: str, *events: object) -> None:
    async with db.begin() as tx:
        await record(tx, pool, [(Stamp("e1", 1, 100), events)])
