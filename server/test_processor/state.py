"""Everything that the test processor knows: objects in a small SQLite file, or in memory."""

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from ground.clock import Clock
from server.test_processor.errors import missing

Object = dict[str, Any]
PREFIX: Final = {
    "customer": "cus",
    "checkout.session": "cs_test",
    "payment_intent": "pi",
    "payment_method": "pm",
    "charge": "ch",
    "refund": "re",
    "dispute": "dp",
    "event": "evt",
}
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS objects (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, kind TEXT, body TEXT);
CREATE INDEX IF NOT EXISTS objects_of_a_kind ON objects (kind, seq);
CREATE TABLE IF NOT EXISTS calls (key TEXT PRIMARY KEY, asked TEXT, status INTEGER, body TEXT, at INTEGER);
CREATE TABLE IF NOT EXISTS due (seq INTEGER PRIMARY KEY, at INTEGER, what TEXT, about TEXT, attempt INTEGER);
CREATE INDEX IF NOT EXISTS due_next ON due (at, seq);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT);
"""


class Due(NamedTuple):
    """Something to be done at a time: `what` to the object `about`."""

    seq: int
    at: int
    what: str
    about: str
    attempt: int


class State:
    """One file, one process. Each `change` is written whole or not at all. Names that begin with `_` stay inside."""

    def __init__(self, path: str, clock: Clock) -> None:
        self.clock = clock
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """All that is put inside the block happens, or nothing of it."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def now_s(self) -> int:
        return self.clock.now_ms() // 1000

    def make(self, kind: str, **fields: Any) -> Object:
        """A new object of a kind, with what all of them have."""
        one = {"id": f"{PREFIX[kind]}_{secrets.token_urlsafe(24).replace('-', '0').replace('_', '1')}", "object": kind,
               "created": self.now_s(), "livemode": False, **fields}  # fmt: skip
        self._db.execute("INSERT INTO objects (id, kind, body) VALUES (?, ?, ?)", (one["id"], kind, json.dumps(one)))
        return one

    def put(self, one: Object) -> Object:
        """Write down that an object has changed."""
        self._db.execute("UPDATE objects SET body = ? WHERE id = ?", (json.dumps(one), one["id"]))
        return one

    def find(self, some: str) -> Object | None:
        row = self._db.execute("SELECT body FROM objects WHERE id = ?", (some,)).fetchone()
        return json.loads(row[0]) if row else None

    def get(self, kind: str, some: str) -> Object:
        """The object of this kind. Raises ApiError."""
        one = self.find(some)
        if one is None or one["object"] != kind:
            raise missing(kind, some)
        return one

    def listed(self, kind: str, limit: int = 10, after: str = "", before: str = "", **where: str) -> list[Object]:
        """Newest first, `limit` and one more if there are more; `where` names fields and what they hold."""
        words, values = ["kind = ?"], [kind]
        for name, value in where.items():
            words.append("json_extract(body, '$.' || ?) = ?")
            values += [name, value]
        for sign, edge in (("<", after), (">", before)):
            if edge:
                words.append(f"seq {sign} (SELECT seq FROM objects WHERE id = ?)")  # noqa: S608 - our words
                values.append(self.get(kind, edge)["id"])
        found = f"SELECT body FROM objects WHERE {' AND '.join(words)} ORDER BY seq DESC LIMIT ?"  # noqa: S608 - our words
        return [json.loads(body) for (body,) in self._db.execute(found, (*values, limit + 1))]

    def later(self, ms: int, what: str, about: str, attempt: int = 0) -> None:
        """Do `what` to `about` in so many milliseconds; `next_due` brings it."""
        at = self.clock.now_ms() + ms
        self._db.execute("INSERT INTO due (at, what, about, attempt) VALUES (?, ?, ?, ?)", (at, what, about, attempt))

    def next_due(self) -> Due | None:
        """What has to be done first, whether its time has come or not."""
        row = self._db.execute("SELECT seq, at, what, about, attempt FROM due ORDER BY at, seq LIMIT 1").fetchone()
        return Due(*row) if row else None

    def put_off(self, due: Due, ms: int) -> None:
        """Try `due` once more, in so many milliseconds."""
        at = self.clock.now_ms() + ms
        self._db.execute("UPDATE due SET at = ?, attempt = ? WHERE seq = ?", (at, due.attempt + 1, due.seq))

    def done(self, due: Due) -> None:
        self._db.execute("DELETE FROM due WHERE seq = ?", (due.seq,))

    def call(self, key: str) -> tuple[str, int, str] | None:
        """What was asked under an idempotency key, and the status and body of the answer."""
        row = self._db.execute("SELECT asked, status, body FROM calls WHERE key = ?", (key,)).fetchone()
        return row or None

    def remember(self, key: str, asked: str, status: int, body: str) -> None:
        row = (key, asked, status, body, self.clock.now_ms())
        self._db.execute("INSERT INTO calls (key, asked, status, body, at) VALUES (?, ?, ?, ?, ?)", row)

    def fact(self, name: str, fresh: str) -> str:
        """What was kept under `name`; `fresh` is kept if nothing was."""
        self._db.execute("INSERT OR IGNORE INTO facts (name, value) VALUES (?, ?)", (name, fresh))
        value: str = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()[0]
        return value


def shown(one: Object) -> Object:
    """An object as callers see it."""
    return {name: value for name, value in one.items() if not name.startswith("_")}
