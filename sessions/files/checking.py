"""What a file is, by its content and nothing else; and a name that says the same. Reads the disk, writes nothing."""

import codecs
import re
import unicodedata
from pathlib import Path
from typing import Final

from ground.errors import Refusal

PICTURES: Final = ("image/png", "image/jpeg", "image/webp")
TYPES: Final = (*PICTURES, "application/pdf", "text/plain")
"""What a chat takes. Pictures are drawn anew; nothing else is ever shown by a browser, only kept."""
ENDINGS: Final[dict[str, tuple[str, ...]]] = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".csv", ".md", ".log"),
}
NAME_MAX: Final = 120
_CHUNK: Final = 65_536
_TAIL: Final = 2048
_PDF: Final = re.compile(rb"%PDF-[12]\.[0-9]")
# What no text of people holds: a file with it is of some other kind.
_BINARY: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_RESERVED: Final = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))


def kind_of(path: Path, declared: str) -> str:
    """The media type of a file; which kind of picture it is, is for the picture to say.

    Raises Refusal: `file_type` when it is none of `TYPES`, `file_broken` when it is damaged or no such thing as was
    `declared`."""
    kind = _found(path)
    if kind != declared and not (kind in PICTURES and declared in PICTURES):
        raise Refusal("file_broken", "type")
    return kind


def _found(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(16)
        if head.startswith(b"\x89PNG\r\n\x1a\n"):
            return "image/png"
        if head.startswith(b"\xff\xd8\xff"):
            return "image/jpeg"
        if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
            return "image/webp"
        if head.startswith(b"%PDF-"):
            return _pdf(path, head)
    _check_text(path)
    return "text/plain"


def _pdf(path: Path, head: bytes) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        if not _PDF.match(head) or b"%%EOF" not in file.read(_TAIL):
            raise Refusal("file_broken", "pdf")
    return "application/pdf"


def _check_text(path: Path) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if _BINARY.search(decoder.decode(chunk)):
                    raise Refusal("file_type")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Refusal("file_type") from None


def named(name: str, kind: str) -> str:
    """`name` as one that every system takes and that ends as files of `kind` do, whatever else it would like to be."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(c for c in last if unicodedata.category(c) not in _UNSEEN)
    plain = " ".join(seen.translate(_RESERVED).split()).strip(". ")
    endings = ENDINGS[kind]
    if plain.lower().endswith(endings):
        stem, dot, ending = plain.rpartition(".")
        return f"{stem[: NAME_MAX - 6] or 'file'}{dot}{ending}"
    return f"{plain[: NAME_MAX - 6] or 'file'}{endings[0]}"
