"""Run as a script, one process a picture: bytes of whatever somebody sent in, plain pictures out. Its argument says
which: `squares` are three of WebP (a photo), `whole` is the picture as it was but for its size (a chat's).

A decoder is where hostile pictures do their harm, so it runs where it can be killed, with a bound on memory and
processor time, and without anything of ours in it: it imports no room. Input and output as in `directory/drawing.py`.
"""

import io
import os
import struct
import sys
import warnings
from contextlib import suppress

from PIL import Image, ImageOps, UnidentifiedImageError

SIDES = (64, 192, 512)
PIXELS_MAX = 40_000_000
SIDE_MIN = 64
WHOLE_MAX = 3200
"""The longer side of a whole picture at most: more than a screen shows, and soon encoded."""
MEMORY_BYTES = 1536 * 1024 * 1024
CPU_S = 10
TOP = 0.3
"""Of what is too tall, this share goes at the top and the rest at the bottom: faces are in the upper half."""
MAGIC = (
    ("PNG", 0, b"\x89PNG\r\n\x1a\n"),
    ("JPEG", 0, b"\xff\xd8\xff"),
    ("WEBP", 8, b"WEBP"),
    ("AVIF", 8, b"avif"),
    ("AVIF", 8, b"avis"),
)
STILL_ONLY = ("PNG", "WEBP", "AVIF")
"""A JPEG with further pictures in it is what phones make (a depth map, a second of film): its first one counts."""

SAVED: dict[str, dict[str, int]] = {"PNG": {"compress_level": 6}, "JPEG": {"quality": 88}, "WEBP": {"quality": 85}}
"""The formats of whole pictures, and how they are written."""


class Refused(Exception):
    """The picture is refused; the text is the code."""


def kind_of(data: bytes) -> str:
    """The format by its first bytes, whatever name or type came with it. Raises Refused."""
    for kind, at, magic in MAGIC:
        if data[at : at + len(magic)] == magic and (at == 0 or data[:4] == b"RIFF" or data[4:8] == b"ftyp"):
            return kind
    raise Refused("not_a_photo")


def squares(data: bytes) -> list[bytes]:
    """The picture upright, cropped to a square, in `SIDES`, as WebP without any metadata. Raises Refused."""
    square = _square(_upright(data, kind_of(data), SIDE_MIN, 2 * SIDES[-1]))
    return [_webp(square, side) for side in SIDES]


def whole(data: bytes) -> list[bytes]:
    """The picture upright, `WHOLE_MAX` at most, in its own format without any metadata; then its width and height as
    text. Raises Refused."""
    kind = kind_of(data)
    if kind not in SAVED:
        raise Refused("not_a_photo")
    image = _plain(_upright(data, kind, 1, WHOLE_MAX))
    image.thumbnail((WHOLE_MAX, WHOLE_MAX), Image.Resampling.LANCZOS, reducing_gap=3.0)
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    out = io.BytesIO()
    clean.save(out, kind, **SAVED[kind])
    return [out.getvalue(), f"{clean.width}x{clean.height}".encode()]


MAKERS = {"squares": squares, "whole": whole}


def _upright(data: bytes, kind: str, side_min: int, needed: int) -> Image.Image:
    """The picture decoded, as it is to be looked at; `needed` is the side that is asked of it. Raises Refused."""
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            _look(image, kind, side_min)
            if kind == "JPEG":
                image.draft("RGB", (needed, needed))  # decodes no more of it than is needed
            image.load()
            return ImageOps.exif_transpose(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise Refused("photo_too_large") from None
    except UnidentifiedImageError:
        raise Refused("photo_broken") from None
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, struct.error, OverflowError):
        raise Refused("photo_broken") from None  # decoders of damaged files raise about anything


def _look(image: Image.Image, kind: str, side_min: int) -> None:
    """What the header says, before anything is decoded."""
    if image.width * image.height > PIXELS_MAX:
        raise Refused("photo_too_large")
    if min(image.size) < side_min:
        raise Refused("photo_too_small")
    if kind in STILL_ONLY and getattr(image, "n_frames", 1) > 1:
        raise Refused("photo_animated")


def _square(image: Image.Image) -> Image.Image:
    """The middle of it, or what lies near the top, as large as the largest size needs."""
    whole = _plain(image)
    cut = min(whole.size)
    left, top = (whole.width - cut) * 0.5, (whole.height - cut) * TOP
    side = min(SIDES[-1], cut)
    # First roughly, then well: the same to the eye, and a tenth of the work for what comes from a camera.
    box = (left, top, left + cut, top + cut)
    return whole.resize((side, side), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)


def _webp(square: Image.Image, side: int) -> bytes:
    side = min(side, square.width)
    clean = Image.new(square.mode, (side, side))  # pixels and nothing else: no profile, no comment, no position
    clean.paste(square.resize((side, side), Image.Resampling.LANCZOS))
    out = io.BytesIO()
    clean.save(out, "WEBP", quality=82, method=4)
    return out.getvalue()


def _plain(image: Image.Image) -> Image.Image:
    """Eight bits a channel, with transparency only where there is some."""
    if image.mode.startswith("I"):  # sixteen bits of grey: scaled, where a conversion would clip
        return image.convert("F").point(lambda value: value / 257).convert("L").convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _bound_myself() -> None:
    """No more memory and time than a picture needs, where the system knows such bounds."""
    with suppress(ImportError, ValueError, OSError, AttributeError):
        os.nice(5)  # those who talk go first
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def main() -> None:
    """One picture from stdin. A zero byte and a length before each part of the answer, or a code as text."""
    _bound_myself()
    warnings.simplefilter("ignore")
    try:
        made = MAKERS[sys.argv[1]](sys.stdin.buffer.read())
    except Refused as refused:
        sys.stdout.buffer.write(str(refused).encode())
        return
    for body in made:
        sys.stdout.buffer.write(struct.pack(">BI", 0, len(body)) + body)


if __name__ == "__main__":
    main()
