"""Pictures, good and hostile, generated here: nothing of it lies in the repository."""

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image, ImageDraw

SCRIPT = b"<script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>'


def photo(width: int = 300, height: int = 400, mode: str = "RGB") -> Image.Image:
    """A light picture with a dark top left corner, so that a turn of it shows."""
    image = Image.new("RGB", (width, height), (230, 200, 170))
    ImageDraw.Draw(image).rectangle((0, 0, width // 2, height // 2), fill=(30, 40, 60))
    return image.convert(mode)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def moving(kind: str) -> bytes:
    """Two frames."""
    return encoded(photo(), kind, save_all=True, append_images=[photo().rotate(90)])


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *more: bytes, data: bytes = b"", depth: int = 8, color: int = 2) -> bytes:
    """A PNG that claims to be so large, with whatever image data."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("evil.html", SCRIPT)
    return out.getvalue()


def with_position() -> bytes:
    """A JPEG that says where and by whom it was taken, turned by a quarter, with a comment and a colour profile."""
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    exif[0x010F] = "CAMERA-MAKER"
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 17.0)}
    return encoded(photo(), "JPEG", exif=exif, comment=b"SECRET-COMMENT" + SCRIPT, icc_profile=b"SECRET-PROFILE" * 9)


def good() -> dict[str, bytes]:
    """What people really upload."""
    jpeg = encoded(photo(), "JPEG")
    return {
        "jpeg": jpeg,
        "progressive": encoded(photo(), "JPEG", progressive=True),
        "cmyk": encoded(photo(mode="CMYK"), "JPEG"),
        "grey": encoded(photo(mode="L"), "JPEG"),
        "png": encoded(photo(), "PNG"),
        "interlaced": encoded(photo(mode="RGBA"), "PNG"),
        "palette": encoded(photo(mode="P"), "PNG", transparency=0),
        "bits": encoded(photo(mode="1"), "PNG"),
        "grey-alpha": encoded(photo(mode="LA"), "PNG"),
        "sixteen bits": encoded(Image.new("I;16", (100, 100), 40_000), "PNG"),
        "webp": encoded(photo(), "WEBP"),
        "lossless": encoded(photo(mode="RGBA"), "WEBP", lossless=True),
        "avif": encoded(photo(), "AVIF"),
        "position": with_position(),
        "wide": encoded(photo(2000, 70), "JPEG"),
        # Harmless once it is drawn anew: what hangs behind or beside the pixels is gone.
        "jpeg and archive": jpeg + archive(),
        "jpeg and page": jpeg + b"<html>" + SCRIPT,
        "png with text": png(64, 64, chunk(b"tEXt", b"Comment\0" + SCRIPT), data=zlib.compress(b"\0" * 64 * 193)),
    }


def hostile() -> dict[str, tuple[bytes, str]]:
    """Files that must be refused, each with the name of the refusal."""
    jpeg, whole, webp = encoded(photo(), "JPEG"), encoded(photo(), "PNG"), encoded(photo(), "WEBP")
    avif, gif = encoded(photo(), "AVIF"), encoded(photo(), "GIF")
    return {
        "nothing": (b"", "not_a_photo"),
        "svg": (SVG, "not_a_photo"),
        "svg with a prolog": (b"\xef\xbb\xbf<?xml version='1.0'?>" + SVG, "not_a_photo"),
        "html": (b"<!doctype html>" + SCRIPT, "not_a_photo"),
        "pdf": (b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj", "not_a_photo"),
        "pdf before jpeg": (b"%PDF-1.7\n" + jpeg, "not_a_photo"),
        "archive": (archive(), "not_a_photo"),
        "archive before png": (archive() + whole, "not_a_photo"),
        "gif": (gif, "not_a_photo"),
        "moving gif": (moving("GIF"), "not_a_photo"),
        "gif and script": (gif.replace(b"GIF89a", b"GIF89a/*", 1) + b"*/=alert(1)", "not_a_photo"),
        "bmp": (encoded(photo(), "BMP"), "not_a_photo"),
        "tiff": (encoded(photo(), "TIFF"), "not_a_photo"),
        "ico": (encoded(photo(64, 64), "ICO"), "not_a_photo"),
        "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run", "not_a_photo"),
        "jpeg 2000": (encoded(photo(), "JPEG2000"), "not_a_photo"),
        "magick": (b"push graphic-context\nfill 'url(https://127.0.0.1/|id)'", "not_a_photo"),
        "program": (b"\x7fELF" + b"\0" * 500, "not_a_photo"),
        "riff that is a wave": (b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 40, "not_a_photo"),
        "film": (b"\0\0\0\x18ftypmp42" + b"\0" * 60, "not_a_photo"),
        "webp without riff": (b"RIFX" + webp[4:], "not_a_photo"),
        "moving png": (moving("PNG"), "photo_animated"),
        "moving webp": (moving("WEBP"), "photo_animated"),
        "moving avif": (moving("AVIF"), "photo_animated"),
        "bomb of a png": (png(60_000, 60_000, data=zlib.compress(b"\0" * 1000)), "photo_too_large"),
        "bomb of one row": (png(2_000_000, 64, data=zlib.compress(b"")), "photo_too_large"),
        "bomb of bits": (encoded(Image.new("1", (20_000, 20_000)), "PNG"), "photo_too_large"),
        "bomb of a jpeg": (_resized_jpeg(jpeg, 65_000, 65_000), "photo_too_large"),
        "bomb of text": (png(64, 64, chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * 90_000_000))), "photo_broken"),
        "one pixel": (encoded(photo(1, 1), "PNG"), "photo_too_small"),
        "a line": (encoded(photo(500, 2), "JPEG"), "photo_too_small"),
        "half a jpeg": (jpeg[: len(jpeg) // 2], "photo_broken"),
        "half a png": (whole[: len(whole) // 2], "photo_broken"),
        "half a webp": (webp[: len(webp) // 2], "photo_broken"),
        "half an avif": (avif[: len(avif) // 2], "photo_broken"),
        "only a head": (b"\xff\xd8\xff\xe0", "photo_broken"),
        "only a png head": (b"\x89PNG\r\n\x1a\n", "photo_broken"),
        "png without pixels": (png(100, 100), "photo_broken"),
        "png with a wrong sum": (whole.replace(whole[40:60], b"\x00" * 20, 1), "photo_broken"),
        "png of no size": (png(0, 0), "photo_broken"),
        "png of wrong depth": (png(100, 100, depth=7, color=9), "photo_broken"),
        "png with a lying length": (whole[:8] + b"\x7f\xff\xff\xff" + whole[12:], "photo_broken"),
        "jpeg of noughts": (b"\xff\xd8\xff" + b"\0" * 5000, "photo_broken"),
        "jpeg that is svg": (b"\xff\xd8\xff\xfe\x00\x60" + SVG, "photo_broken"),
        "webp of noise": (webp[:20] + bytes(range(256)) * 8, "photo_broken"),
        "avif of noise": (avif[:40] + bytes(range(256)) * 8, "photo_broken"),
    }


def _resized_jpeg(jpeg: bytes, width: int, height: int) -> bytes:
    """The same picture, claiming another size in its frame header."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]
