"""Pictures drawn anew: whatever somebody sends in, what comes back is pixels that were encoded here.

Decoding happens in a process of its own (`directory/photo_worker.py`), started for the one picture and killed when it
takes too long: a decoder that hangs or dies takes nobody with it.
"""

import asyncio
import os
import struct
import sys
from pathlib import Path
from typing import Final, Literal

from ground.errors import Refusal

How = Literal["squares", "whole"]
DECODE_S: Final = 20.0
_WORKER: Final = Path(__file__).with_name("photo_worker.py")
# Of our environment: the rest holds secrets, and a decoder is where hostile pictures do their harm.
_KEPT: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "TMPDIR")
_CODES: Final = frozenset({"not_a_photo", "photo_broken", "photo_too_large", "photo_too_small", "photo_animated"})
_HEAD: Final = struct.Struct(">BI")


async def drawn(how: How, source: bytes | int, decode_s: float = DECODE_S) -> list[bytes]:
    """What the worker makes of a picture (`photo_worker.squares`, `photo_worker.whole`); `source` are its bytes, or the
    descriptor of an open file. Raises Refusal: one of `_CODES`."""
    # -P: what lies beside the script is not what it imports.
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-P", str(_WORKER), how,
        stdin=source if isinstance(source, int) else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
    )  # fmt: skip
    try:
        async with asyncio.timeout(decode_s):
            answer, _nothing = await worker.communicate(None if isinstance(source, int) else source)
    except TimeoutError:
        raise Refusal("photo_broken", "it takes too long") from None
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
    return _read(answer)


def _read(answer: bytes) -> list[bytes]:
    """The parts of what the worker said, or the refusal that it named. One that died at it said neither."""
    parts = []
    at = 0
    while at + _HEAD.size <= len(answer) and answer[at] == 0:
        _zero, length = _HEAD.unpack_from(answer, at)
        at += _HEAD.size + length
        parts.append(answer[at - length : at])
    if parts and at == len(answer):
        return parts
    said = answer[:32].decode("ascii", "replace")
    raise Refusal(said if said in _CODES else "photo_broken")
