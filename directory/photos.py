"""The photos of experts: whatever somebody uploads becomes three plain squares, or is refused by name.

Decoding happens in a process of its own (`directory/drawing.py`).
"""

import asyncio
import hashlib
from typing import Final, Literal, get_args

from directory import store
from directory.drawing import DECODE_S, drawn
from ground.errors import Refusal
from ground.sql import Also, Database

Size = Literal["small", "medium", "large"]
SIZES: Final[tuple[Size, ...]] = get_args(Size)
"""64, 192 and 512 pixels a side (`photo_worker.SIDES`); less where the picture was smaller."""
BYTES_MAX: Final = 8 * 1024 * 1024
AT_ONCE: Final = 2
"""Decoders of one server process that run at the same time; others wait their turn."""
KIND: Final = "image/webp"


def path_of(pool: str, digest: str) -> str:
    """Where the photo is served; it takes `?size=`."""
    return f"/p/{pool}/photos/{digest}"


class Photos:
    """The photos in the database. Refusals: `not_a_photo`, `photo_broken`, `photo_too_large` (bytes or pixels),
    `photo_too_small`, `photo_animated`, `unknown_expert`."""

    def __init__(self, db: Database, decode_s: float = DECODE_S) -> None:
        self._db = db
        self._decode_s = decode_s
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def put(self, pool: str, expert: str, data: bytes, also: Also | None = None) -> str:
        """Make `data` the photo of `expert`; the path of the photo. The old one is gone. Raises Refusal."""
        if len(data) > BYTES_MAX:
            raise Refusal("photo_too_large", str(BYTES_MAX))
        async with self._turns:
            bodies = await squares(data, self._decode_s)
        digest = hashlib.sha256(bodies[-1]).hexdigest()[:32]
        path = path_of(pool, digest)
        rows = [
            {"pool": pool, "expert": expert, "size": size, "digest": digest, "body": body}
            for size, body in zip(SIZES, bodies, strict=True)
        ]
        async with self._db.begin() as tx:
            if not await store.set_photo(tx, pool, expert, path):
                raise Refusal("unknown_expert", expert)
            await store.put_photos(tx, rows)
            if also:
                await also(tx)
        return path

    async def remove(self, pool: str, expert: str, also: Also | None = None) -> None:
        """Take the photo of `expert` away, if there is one. Refused `unknown_expert`."""
        async with self._db.begin() as tx:
            if not await store.set_photo(tx, pool, expert, ""):
                raise Refusal("unknown_expert", expert)
            await store.delete_photos(tx, pool, expert)
            if also:
                await also(tx)

    async def get(self, pool: str, digest: str, size: Size) -> bytes | None:
        """The bytes of a photo, or None."""
        async with self._db.read() as tx:
            return await store.find_photo(tx, pool, digest, size)


async def squares(data: bytes, decode_s: float = DECODE_S) -> list[bytes]:
    """The picture in each of `SIZES`, as WebP without metadata. Raises Refusal."""
    bodies = await drawn("squares", data, decode_s)
    if len(bodies) != len(SIZES):
        raise Refusal("photo_broken")
    return bodies
