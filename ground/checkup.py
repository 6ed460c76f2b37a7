"""What the store and the database say about themselves, for `openline doctor`."""

from pathlib import Path
from typing import Any

import redis.exceptions
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from msgspec import Struct

from ground.functions import library
from ground.sql import Database
from ground.topology import topology

_SETTINGS = ("maxmemory-policy", "appendonly", "appendfsync")
_MIGRATIONS = Path(__file__).parent / "migrations"


class StoreFacts(Struct, frozen=True, kw_only=True):
    """One node of the store. `settings` are those that it lets us read; `function_error` is empty when ours load."""

    version: str
    settings: dict[str, str]
    time_ms: int
    function_error: str


async def store_facts(url: str) -> list[StoreFacts]:
    """The facts of every primary. Raises what the client raises without an answer, ValueError for a bad address."""
    nodes = topology(url)
    try:
        return [await _facts(node) for node in await nodes.primaries()]
    finally:
        await nodes.aclose()


async def _facts(node: Any) -> StoreFacts:
    info = await node.info("server")
    seconds, micros = await node.time()
    return StoreFacts(
        version=str(info.get("valkey_version") or info["redis_version"]),
        settings=await _settings(node),
        time_ms=seconds * 1000 + micros // 1000,
        function_error=await _function_error(node),
    )


async def _settings(node: Any) -> dict[str, str]:
    """Managed stores refuse CONFIG: then there is nothing to read."""
    try:
        return {name: value for wanted in _SETTINGS for name, value in _texts(await node.config_get(wanted)).items()}
    except redis.exceptions.ResponseError:
        return {}


def _texts(answer: dict[Any, Any]) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in answer.items()}


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


async def _function_error(node: Any) -> str:
    try:
        await node.function_load(library().source)
    except redis.exceptions.ResponseError as error:
        return "" if "already exists" in str(error) else str(error)[:200]
    return ""


async def schema_revisions(url: str) -> tuple[str, str]:
    """The revision of the database ("" when it is empty) and the one that this version wants."""
    head = ScriptDirectory(str(_MIGRATIONS)).get_current_head() or ""
    db = await Database.open(url)
    try:
        async with db.read() as tx:
            return await tx.run_sync(_revision), head
    finally:
        await db.close()


def _revision(connection: sa.Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""
