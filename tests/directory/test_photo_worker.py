"""Whatever is uploaded becomes three plain squares, or is refused by name."""

import io
from pathlib import Path

import pytest
from PIL import Image

from directory import drawing, photo_worker
from tests.directory import pictures

GOOD, HOSTILE = pictures.good(), pictures.hostile()
SECRETS = (b"SECRET", b"CAMERA", b"<script", b"PK\x03\x04", b"EXIF", b"Exif", b"ICCP", b"XMP ")


def opened(body: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(body))
    image.load()
    return image


@pytest.mark.claim("B2")
@pytest.mark.parametrize("name", GOOD)
def test_a_picture_becomes_squares_of_nothing_but_pixels(name: str) -> None:
    made = photo_worker.squares(GOOD[name])
    for side, body in zip(photo_worker.SIDES, made, strict=True):
        image = opened(body)
        assert image.format == "WEBP" and image.width == image.height <= side
        assert not image.getexif() and set(image.info) <= {"loop", "background", "timestamp", "duration"}
        assert not any(secret in body for secret in SECRETS)
    assert opened(made[0]).width == 64


@pytest.mark.claim("B2")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_by_name(name: str) -> None:
    data, code = HOSTILE[name]
    with pytest.raises(photo_worker.Refused, match=f"^{code}$"):
        photo_worker.squares(data)


@pytest.mark.parametrize("name", [*GOOD, *HOSTILE])
def test_a_whole_picture_is_drawn_anew_in_its_own_format_or_refused(name: str) -> None:
    data = GOOD[name] if name in GOOD else HOSTILE[name][0]
    if name == "avif" or (name in HOSTILE and HOSTILE[name][1] != "photo_too_small"):
        with pytest.raises(photo_worker.Refused):
            photo_worker.whole(data)
        return
    body, size = photo_worker.whole(data)
    image = opened(body)
    assert image.format in photo_worker.SAVED and f"{image.width}x{image.height}".encode() == size
    assert max(image.size) <= photo_worker.WHOLE_MAX and not image.getexif()
    assert not any(secret in body for secret in SECRETS)


def test_a_photo_stands_upright_before_it_loses_the_note_that_says_so() -> None:
    """The dark corner is top left in the file; the camera lay on its side, so it belongs to the top right."""
    image = opened(photo_worker.squares(GOOD["position"])[1]).convert("L")
    left, right = image.getpixel((20, 20)), image.getpixel((image.width - 20, 20))
    assert isinstance(left, int) and isinstance(right, int)
    assert right < 80 < left


def test_what_is_too_tall_is_cut_at_the_bottom_first() -> None:
    tall = pictures.photo(100, 400)
    tall.paste((0, 255, 0), (0, 90, 100, 190))
    image = opened(photo_worker.squares(pictures.encoded(tall, "PNG"))[2]).convert("RGB")
    assert image.size == (100, 100)
    middle = image.getpixel((50, 50))
    assert isinstance(middle, tuple) and middle[1] > 200


def test_sixteen_bits_of_grey_keep_their_brightness() -> None:
    image = opened(photo_worker.squares(GOOD["sixteen bits"])[0]).convert("L")
    value = image.getpixel((10, 10))
    assert isinstance(value, int) and abs(value - 40_000 // 257) < 6


def test_a_transparent_picture_stays_transparent() -> None:
    clear = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    assert opened(photo_worker.squares(pictures.encoded(clear, "PNG"))[1]).mode == "RGBA"


async def test_the_decoder_knows_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "tells.py"
    script.write_text("import os, struct\ntold = ' '.join(os.environ).encode()\n"
                      "os.write(1, struct.pack('>BI', 0, len(told)) + told)\n")  # fmt: skip
    monkeypatch.setattr(drawing, "_WORKER", script)
    monkeypatch.setenv("OPENLINE_SECRET", "x" * 32)
    (told,) = await drawing.drawn("whole", b"")
    assert b"PATH" in told and b"OPENLINE" not in told
