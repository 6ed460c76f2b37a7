"""Run as a process, one recording each: a spool in, an Ogg file with stereo Opus out.

Packets that strangers sent are decoded here, where it can be killed, with bounds on memory and processor time and
without anything of ours but the spool. Arguments: spool, file to make, file to make it in. What is there already is
replaced in one step, so it may be done again. Prints one line: `ok <ms> <bytes> <sha256>`, `empty`, `busy` (another is
at it), `full` (the disk is), `broken`.
"""

import errno
import fcntl
import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Final

import av
import av.error
import numpy as np
from av.codec.context import Flags

from sessions.recording import spool
from sessions.recording.mixing import Decode, Sound, mixed
from sessions.recording.placing import RATE

BIT_RATE: Final = 32_000
FRAME: Final = RATE // 50
MEMORY_BYTES: Final = 1536 * 1024 * 1024
FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CPU_S: Final = 1800
"""Twelve hours of two voices take less than a third of it."""
# Constrained: the rate holds whatever is said. `audio`: the voice mode folds two voices at once into one another.
ENCODER: Final = {"application": "audio", "frame_duration": "20", "vbr": "constrained", "compression_level": "10"}
BITEXACT: Final = {"fflags": "+bitexact"}
"""No version of the libraries in the file, and the same bytes each time."""

_NOTHING: Final = np.zeros(0, np.int16)


def decoder() -> Decode:
    """Of one side. What is no Opus is silence."""
    codec = av.AudioCodecContext.create("libopus", "r")
    codec.sample_rate, codec.layout, codec.format = RATE, "mono", "s16"

    def decode(payload: bytes) -> Sound:
        with suppress(av.error.FFmpegError, ValueError):
            frames = [frame.to_ndarray().reshape(-1) for frame in codec.decode(av.Packet(payload))]
            return np.concatenate(frames) if frames else _NOTHING
        return _NOTHING

    return decode


def frames(blocks: Iterator[Sound]) -> Iterator[av.AudioFrame]:
    """Frames of 20 ms; the last is filled up with silence."""
    pts = 0
    for block in blocks:
        padded = np.concatenate([block, np.zeros((-len(block) % FRAME, 2), np.int16)])
        for at in range(0, len(padded), FRAME):
            frame = av.AudioFrame.from_ndarray(padded[at : at + FRAME].reshape(1, -1), format="s16", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, pts, Fraction(1, RATE)
            pts += FRAME
            yield frame


def write(blocks: Iterator[Sound], out: BinaryIO) -> int:
    """The Ogg file; how many frames it has."""
    count = 0
    with av.open(out, "w", format="ogg", container_options=BITEXACT) as container:
        stream = container.add_stream("libopus", rate=RATE, layout="stereo", options=ENCODER)
        stream.bit_rate = BIT_RATE
        stream.codec_context.flags |= Flags.bitexact
        for frame in frames(blocks):
            count += 1
            container.mux(stream.encode(frame))
        if count:
            container.mux(stream.encode(None))
    return count


def render(source: Path, target: Path, part: Path) -> str:
    """What is printed."""
    with source.open("rb") as file, open(part, "ab+", opener=_private) as out:
        try:
            fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return "busy"
        made = False
        try:
            said, made = _made(file, out)
            if made:
                part.replace(target)
        finally:
            if not made:
                part.unlink()
    _sync(target.parent)
    return said


def _made(file: BinaryIO, out: BinaryIO) -> tuple[str, bool]:
    """Writes the whole file; what is printed, and whether there is anything to hear."""
    out.truncate(0)
    spool.read_head(file)
    count = write(mixed(spool.read(file), {"user": decoder(), "expert": decoder()}), out)
    if not count:
        return "empty", False
    out.flush()
    os.fsync(out.fileno())
    out.seek(0)
    digest = hashlib.sha256()
    while data := out.read(1 << 20):
        digest.update(data)
    return f"ok {count * 20} {out.tell()} {digest.hexdigest()}", True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)  # the name, too, outlives a power cut
    finally:
        os.close(fd)


def _bound_myself() -> None:
    """Those who talk go first; and no more memory and time than a recording needs, where the system knows bounds."""
    with suppress(ImportError, ValueError, OSError, AttributeError):
        os.nice(10)
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 60))  # SIGXCPU first: SIGKILL is others'
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def main() -> None:
    _bound_myself()
    source, target, part = map(Path, sys.argv[1:4])
    try:
        said = render(source, target, part)
    except (OSError, ValueError, MemoryError, av.error.FFmpegError) as error:
        said = "full" if isinstance(error, OSError) and error.errno in FULL else "broken"
    sys.stdout.write(said + "\n")


if __name__ == "__main__":
    main()
