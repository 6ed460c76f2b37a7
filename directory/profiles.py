"""The door of the directory: pools and who their experts are."""

import asyncio
from typing import Any, TypeVar

from msgspec import Struct, convert, structs, to_builtins

from directory import store
from directory.categories import stranger, tree_problem
from directory.editing import BadProfile, Changes, Editor, changed, check
from directory.expert import NAME_MAX, Expert, Pool, PoolOptions, id_problem, problems
from ground.errors import Refusal
from ground.sql import Also, Database, Tx

T = TypeVar("T")

EXPERTS_MAX = 10_000
"""The most experts that one pool may have."""


class Written(Struct, kw_only=True, frozen=True):
    """How many experts are new and how many were there already."""

    added: int
    updated: int


class Directory(Struct, kw_only=True, frozen=True):
    """A pool, those of its experts who changed after some revision, by name, and the ids of all (None: as before)."""

    pool: Pool
    changed: list[Expert]
    ids: set[str] | None


class Profiles:
    """Pools and experts. Refusals: `pool_exists`, `no_such_pool`, `unknown_expert`, `pool_full`, `bad_profile`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def create_pool(self, pool: str, name: str, settings: dict[str, Any] | None = None) -> Pool:
        """Make a pool. Refused `pool_exists`, or `bad_profile` for an id or a name that can't be."""
        if id_problem(pool) or not name.strip() or len(name) > NAME_MAX:
            raise Refusal("bad_profile", "id" if id_problem(pool) else "name")
        made = Pool(pool=pool, name=name, settings=settings or {})
        if not await store.add_pool(self._db, to_builtins(made)):
            raise Refusal("pool_exists", pool)
        return made

    async def put_settings(self, pool: str, settings: dict[str, Any]) -> Pool:
        """Replace the settings of a pool, whole. Refused `no_such_pool`."""
        async with self._db.begin() as tx:
            known = _known(await _pool(tx, pool), "no_such_pool", pool)
            await store.set_settings(tx, pool, settings)
        return structs.replace(known, settings=settings, revision=known.revision + 1)

    async def put_options(self, pool: str, options: PoolOptions, also: Also | None = None) -> Pool:
        """Replace the options of a pool, whole. Experts keep categories that are no longer in the tree until they are
        saved again. Refused `no_such_pool`, `bad_profile` (the tree of categories is none)."""
        if wrong := tree_problem(options.categories):
            raise BadProfile([("categories", wrong)])
        async with self._db.begin() as tx:
            known = _known(await _pool(tx, pool), "no_such_pool", pool)
            await store.set_options(tx, pool, to_builtins(options))
            if also:
                await also(tx)
        return structs.replace(known, options=options, revision=known.revision + 1)

    async def pools(self) -> list[Pool]:
        """All pools, by id."""
        async with self._db.read() as tx:
            return [_made(row) for row in await store.all_pools(tx)]

    async def pool(self, pool: str) -> Pool:
        """One pool. Refused `no_such_pool`."""
        async with self._db.read() as tx:
            return _known(await _pool(tx, pool), "no_such_pool", pool)

    async def put_experts(self, pool: str, people: list[Expert]) -> Written:
        """Add `people` to a pool, or replace the profiles of those who are in it; all or none.

        A photo stays when the new profile has none. Refused `no_such_pool`, `pool_full`, `bad_profile` (its detail
        names the expert and the field).
        """
        for person in people:
            if wrong := problems(person):
                raise Refusal("bad_profile", f"{person.expert[:64]}: {wrong[0][0]}")
        async with self._db.begin() as tx:
            known = _known(await _pool(tx, pool), "no_such_pool", pool)
            for person in people:
                if stranger(person.categories, known.options.categories):
                    raise Refusal("bad_profile", f"{person.expert}: categories")
            there = await store.expert_ids(tx, pool)
            new = {person.expert for person in people} - there
            if len(there) + len(new) > EXPERTS_MAX:
                raise Refusal("pool_full", str(EXPERTS_MAX))
            place = {"pool": pool, "revision": await store.touch_pool(tx, pool)}
            await store.put_experts(tx, [place | to_builtins(person) for person in people])
        return Written(added=len(new), updated=len({person.expert for person in people}) - len(new))

    async def change(self, pool: str, expert: str, changes: Changes, by: Editor, also: Also | None = None) -> Expert:
        """Change some fields of one expert; the profile as it is then. `also` runs if anything changes.

        Refused `unknown_expert`, `not_allowed` (its detail names a field that only operators change), `bad_profile`
        (a `BadProfile`, with all problems).
        """
        async with self._db.begin() as tx:
            row = _known(await store.find_expert(tx, pool, expert), "unknown_expert", expert)
            tree = _known(await _pool(tx, pool), "no_such_pool", pool).options.categories
            before = _expert(row)
            after = changed(before, changes, by)
            check(after, tree)
            values = {name: value for name, value in to_builtins(after).items() if value != getattr(before, name)}
            if values:
                await store.change_expert(tx, pool, expert, values)
                if also:
                    await also(tx)
        return after

    async def experts(self, pool: str) -> list[Expert]:
        """Everybody in the pool, by name. Refused `no_such_pool`."""
        async with self._db.read() as tx:
            _known(await _pool(tx, pool), "no_such_pool", pool)
            rows = await store.all_experts(tx, pool)
        return await asyncio.to_thread(_sorted, rows)

    async def changes(self, pool: str, since: int) -> Directory:
        """What the directory says after its revision `since`. Refused `no_such_pool`.

        One look for whoever knows everything already; a pool of thousands is not read whole for one of them.
        """
        async with self._db.read() as tx:
            known = _known(await _pool(tx, pool), "no_such_pool", pool)
            if known.revision == since:
                return Directory(pool=known, changed=[], ids=None)
            rows, ids = await store.all_experts(tx, pool, since), await store.expert_ids(tx, pool)
        return Directory(pool=known, changed=await asyncio.to_thread(_sorted, rows), ids=ids)

    async def expert(self, pool: str, expert: str) -> Expert:
        """One expert. Refused `unknown_expert`."""
        async with self._db.read() as tx:
            row = await store.find_expert(tx, pool, expert)
        return _expert(_known(row, "unknown_expert", expert))


def _known(found: T | None, code: str, detail: str) -> T:
    if found is None:
        raise Refusal(code, detail)
    return found


async def _pool(tx: Tx, pool: str) -> Pool | None:
    row = await store.find_pool(tx, pool)
    return None if row is None else _made(row)


def _made(row: Any) -> Pool:
    return convert({name: row[name] for name in Pool.__struct_fields__ if row[name] is not None}, Pool)


def by_name(person: Expert) -> tuple[str, str]:
    """The order in which pages show experts."""
    return person.name.casefold(), person.expert


def _sorted(rows: Any) -> list[Expert]:
    return sorted((_expert(row) for row in rows), key=by_name)


def _expert(row: Any) -> Expert:
    named = {name: row[name] for name in Expert.__struct_fields__}
    return convert(named | {"mode_rates": row["mode_rates"] or {}}, Expert)
