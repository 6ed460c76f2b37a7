"""What operators did: when, to what, and why. Appended, never changed."""

import secrets

from msgspec import Struct, to_builtins

from ground.sql import Database, Stamp, Tx
from identity import store


class Action(Struct, kw_only=True, frozen=True):
    """One thing an operator did.

    `actor` is the operator's id, `object` what it was done to (`ticket:t1`, `expert:ada`).
    """

    actor: str
    action: str
    object: str
    reason: str


class Audited(Struct, kw_only=True, frozen=True):
    """A line of the audit. `at` in ms; `epoch` and `seq` are those of the journal entry, or "" and 0."""

    at: int
    actor: str
    action: str
    object: str
    reason: str
    epoch: str
    seq: int


async def append(tx: Tx, pool: str, stamp: Stamp, action: Action) -> None:
    """Write what the journal entry `stamp` shows. One action of a name per entry: written again, it changes nothing."""
    row = {"pool": pool, "key": f"{stamp.epoch}/{stamp.seq}/{action.action}"}
    await store.add_action(tx, row | stamp._asdict() | to_builtins(action))


async def note(tx: Tx, pool: str, at: int, action: Action) -> None:
    """Write an action that no journal entry shows (a link made, a transcript read)."""
    await note_once(tx, pool, at, action, secrets.token_urlsafe(12))


async def note_once(tx: Tx, pool: str, at: int, action: Action, key: str) -> None:
    """As `note`; with a `key` that is there already it changes nothing."""
    row = {"pool": pool, "key": key, "at": at, "epoch": "", "seq": 0}
    await store.add_action(tx, row | to_builtins(action))


async def page(db: Database, pool: str, before: int = 0, limit: int = 100) -> list[Audited]:
    """The newest `limit` actions in `pool` before the time `before` (ms; 0: from the end), newest first."""
    async with db.read() as tx:
        rows = await store.newest_actions(tx, pool, before, limit)
    return [Audited(**{field: row[field] for field in Audited.__struct_fields__}) for row in rows]
