"""One-use tickets. They travel in a header, never in an address: addresses end up in logs and histories.

A ticket names one thing for one member of one pool; whoever gives it out has seen that it is theirs.
"""

from typing import Final, Literal

import msgspec
from msgspec import Struct

from ground.errors import Refusal
from ground.ids import new_id
from ground.sql import Database
from identity.tokens import TokenRefused, Tokens
from sessions.fetching import store

Kind = Literal["send_file", "file", "transcript", "recording"]
TICKET_S: Final = 60


class Pass(Struct, frozen=True):
    """What a ticket says: what may be done with which `thing` of which session, and by whom."""

    id: str
    kind: Kind
    thing: str
    session: str
    role: Literal["user", "expert"]
    member: str
    until: int


class Tickets:
    """Gives out tickets, and takes each once."""

    def __init__(self, tokens: Tokens, db: Database) -> None:
        self._tokens = tokens
        self._db = db

    def give(
        self, kind: Kind, pool: str, thing: str, *, session: str, role: Literal["user", "expert"], member: str, now: int
    ) -> tuple[str, int]:
        """A ticket, and until when (ms) it is good."""
        until = (now // 1000 + TICKET_S) * 1000
        told = Pass(
            id=new_id("g"), kind=kind, thing=thing, session=session, role=role, member=member, until=until
        )  # fmt: skip
        sealed = self._tokens.seal(msgspec.json.encode(told).decode(), _audience(pool), now=now, ttl_s=TICKET_S)
        return sealed, until

    def look(self, ticket: str, kind: Kind, pool: str, thing: str, *, now: int) -> Pass:
        """What a ticket says that is good for this. Refuses bad_token: forged, late, or for something else."""
        try:
            said = msgspec.json.decode(self._tokens.unseal(ticket, _audience(pool), now=now), type=Pass)
        except (TokenRefused, msgspec.MsgspecError):
            raise Refusal("bad_token") from None
        if (said.kind, said.thing) != (kind, thing):
            raise Refusal("bad_token")
        return said

    async def use(self, ticket: str, kind: Kind, pool: str, thing: str, *, now: int) -> Pass:
        """The same, once. Refuses bad_token."""
        said = self.look(ticket, kind, pool, thing, now=now)
        async with self._db.begin() as tx:
            first = await store.use(tx, said.id, said.until)
        if not first:
            raise Refusal("bad_token")
        return said

    async def tidy(self, now: int) -> None:
        """Forget tickets that are over."""
        async with self._db.begin() as tx:
            await store.tidy(tx, now)


def _audience(pool: str) -> str:
    return f"openline-fetch:{pool}"
