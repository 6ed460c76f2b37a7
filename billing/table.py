"""Rows of comma-separated values that a spreadsheet opens without running anything. Pure.

What people typed is text, and text that would begin a formula gets an apostrophe before it; numbers are ours.
"""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

Cell = str | int | Decimal
BOM: Final = "\ufeff"
"""What tells a spreadsheet that a file is UTF-8."""
_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - some spreadsheets take the wide ones, too


def row(cells: Sequence[Cell]) -> str:
    """One line, with its line end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([_shown(cell) for cell in cells])
    return line.getvalue()


def _shown(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return str(cell) if isinstance(cell, int) else _harmless(cell)


def _harmless(text: str) -> str:
    """Text in one line. A mark before it keeps it text: spreadsheets also look behind leading blanks."""
    begins = text[:1] + text.lstrip()[:1]
    line = " ".join(text.split())
    return f"'{line}" if _FORMULA.intersection(begins) else line
