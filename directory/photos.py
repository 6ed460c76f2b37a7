"""The photos of experts: whatever somebody uploads becomes three plain squares, or is refused by name.

Decoding happens in a process of its own (`directory/photo_worker.py`), started for the one picture and killed when it
takes too long: a decoder that hangs or dies takes nobody with it.
"""

import asyncio
import hashlib
import struct
import sys
from pathlib import Path
from typing import Final, Literal, get_args

from directory import store
from ground.errors import Refusal
from ground.sql import Also, Database

Size = Literal["small", "medium", "large"]
SIZES: Final[tuple[Size, ...]] = get_args(Size)
"""64, 192 and 512 pixels a side (`photo_worker.SIDES`); less where the picture was smaller."""
BYTES_MAX: Final = 8 * 1024 * 1024
DECODE_S: Final = 20.0
AT_ONCE: Final = 2
"""Decoders of one server process that run at the same time; others wait their turn."""
KIND: Final = "image/webp"
_WORKER: Final = Path(__file__).with_name("photo_worker.py")
_CODES: Final = frozenset({"not_a_photo", "photo_broken", "photo_too_large", "photo_too_small", "photo_animated"})
_HEAD: Final = struct.Struct(">BI")


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
    # -P: what lies beside the script is not what it imports.
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-P", str(_WORKER),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(decode_s):
            answer, _nothing = await worker.communicate(data)
    except TimeoutError:
        raise Refusal("photo_broken", "it takes too long") from None
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
    return _read(answer)


def _read(answer: bytes) -> list[bytes]:
    """What the worker said: squares, or the name of a refusal. One that died at it said neither."""
    bodies = []
    at = 0
    while at + _HEAD.size <= len(answer) and answer[at] == 0:
        _zero, length = _HEAD.unpack_from(answer, at)
        at += _HEAD.size + length
        bodies.append(answer[at - length : at])
    if len(bodies) == len(SIZES) and at == len(answer):
        return bodies
    said = answer[:32].decode("ascii", "replace")
    raise Refusal(said if said in _CODES else "photo_broken")
