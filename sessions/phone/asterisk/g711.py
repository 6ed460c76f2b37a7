"""G.711: 8 bits a sample on the telephone, 16 bits here. Pure; tables made once from the formulas of ITU-T G.711."""

from typing import Any, Final

import numpy as np

from sessions.phone.asterisk.settings import Codec

RATE: Final = 8000
SAMPLES: Final = 160
"""Of one frame of 20 ms."""
PAYLOAD_TYPE: Final[dict[Codec, int]] = {"ulaw": 0, "alaw": 8}
"""RFC 3551, table 4."""
SILENCE: Final[dict[Codec, bytes]] = {"ulaw": b"\xff" * SAMPLES, "alaw": b"\xd5" * SAMPLES}


def _ulaw_levels() -> Any:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    size = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -size, size).astype("<i2")


def _alaw_levels() -> Any:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment = (code & 0x70) >> 4
    size = ((code & 0x0F) << 4) + np.where(segment > 0, 0x108, 8)
    size <<= np.maximum(segment - 1, 0)
    return np.where(code & 0x80, size, -size).astype("<i2")


def _nearest(levels: Any) -> Any:
    """For each of the 65,536 values of 16 bits the code whose level is nearest to it."""
    order = np.argsort(levels, kind="stable")
    rising = levels[order].astype(np.int32)
    middles = (rising[1:] + rising[:-1]) // 2
    wanted = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    return order[np.searchsorted(middles, wanted)].astype(np.uint8)


_LEVELS: Final[dict[Codec, Any]] = {"ulaw": _ulaw_levels(), "alaw": _alaw_levels()}
_CODES: Final[dict[Codec, Any]] = {codec: _nearest(levels) for codec, levels in _LEVELS.items()}


def to_pcm(codec: Codec, payload: bytes) -> bytes:
    """Signed 16 bits, little endian."""
    sound: bytes = _LEVELS[codec][np.frombuffer(payload, np.uint8)].tobytes()
    return sound


def to_g711(codec: Codec, pcm: bytes) -> bytes:
    """From signed 16 bits, little endian; `pcm` has whole samples."""
    sound: bytes = _CODES[codec][np.frombuffer(pcm, "<u2")].tobytes()
    return sound
