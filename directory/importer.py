"""Experts from a CSV file. Every bad row is named by line, column and reason; nothing goes in unless all is well.

UTF-8 (a byte order mark is fine), comma separated, a header line with `COLUMNS` in any order; `id` and `name` must be
there. Lists (categories, languages, modes) are separated by semicolons. `rate` is for all modes, `rate_<mode>` for one.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, get_args

from msgspec import Struct

from directory.categories import stranger
from directory.expert import Expert, Mode, problems
from directory.profiles import EXPERTS_MAX, Profiles

MODE_RATES: Final = {f"rate_{mode}": mode for mode in get_args(Mode)}
COLUMNS = (
    "id", "name", "headline", "biography", "categories", "languages", "modes", "timezone", "hours", "exceptions",
    "holidays", "started_on", "rate", *MODE_RATES, "email",
)  # fmt: skip
REQUIRED = ("id", "name")
LISTS = ("categories", "languages", "modes")
BYTES_MAX = 8 * 1024 * 1024
PROBLEMS_MAX = 1000
"""Problems named; what comes after so many is not looked at."""


class Problem(Struct, kw_only=True, frozen=True):
    """What is wrong: in which line (1 is the header), in which column ("" for the line as a whole), and why."""

    line: int
    column: str
    reason: str


class ImportReport(Struct, kw_only=True, frozen=True):
    """What an import did. Nothing was written when there are problems, unless bad rows were to be skipped."""

    added: int
    updated: int
    skipped: int
    problems: list[Problem]


class Parsed(NamedTuple):
    """The good rows, and what is wrong with the others. `readable` is false when the file as a whole is bad."""

    rows: list[Expert]
    problems: list[Problem]
    bad_rows: int
    readable: bool


class _Row(NamedTuple):
    line: int
    cells: list[str]
    broken: str


async def import_experts(profiles: Profiles, pool: str, data: bytes, *, skip_bad: bool = False) -> ImportReport:
    """Put the experts of a CSV file into `pool`, in one transaction.

    With `skip_bad` the good rows go in though others are bad; a bad header or a file that is no CSV is never skipped.
    Raises Refusal as `Profiles.put_experts` does.
    """
    parsed = parse_bytes(data, (await profiles.pool(pool)).options.categories)
    if parsed.problems and not (skip_bad and parsed.readable):
        return ImportReport(added=0, updated=0, skipped=0, problems=parsed.problems)
    written = await profiles.put_experts(pool, parsed.rows)
    return ImportReport(added=written.added, updated=written.updated, skipped=parsed.bad_rows, problems=parsed.problems)


def parse_bytes(data: bytes, tree: Sequence[str] = ()) -> Parsed:
    """`parse` of a file's bytes."""
    if len(data) > BYTES_MAX:
        return _unreadable(1, "", f"the file is larger than {BYTES_MAX // 1024 // 1024} MiB")
    try:
        return parse(data.decode("utf-8-sig"), tree)
    except UnicodeDecodeError as error:
        return _unreadable(data.count(b"\n", 0, error.start) + 1, "", "is not UTF-8 text")


def parse(text: str, tree: Sequence[str] = ()) -> Parsed:
    """The experts of a CSV text and what is wrong with it; `tree`: the pool's categories, if it has a tree. Pure."""
    rows = _read(text)
    header = next(rows, None)
    if header is None:
        return _unreadable(1, "", "the file is empty")
    names = [name.strip().lower() for name in header.cells]
    wrong = [Problem(line=header.line, column=column, reason=why) for column, why in _header_problems(names, header)]
    if wrong:
        return Parsed([], wrong, 0, False)
    return _body(names, rows, tree)


def _body(names: list[str], rows: Iterator[_Row], tree: Sequence[str]) -> Parsed:
    good: list[Expert] = []
    wrong: list[Problem] = []
    bad_rows = 0
    lines: dict[str, int] = {}
    for count, row in enumerate(rows, start=1):
        if count > EXPERTS_MAX:
            return _unreadable(row.line, "", f"the file has more than {EXPERTS_MAX} rows")
        if len(wrong) >= PROBLEMS_MAX:
            return Parsed([], [*wrong, Problem(line=row.line, column="", reason="too many problems")], bad_rows, False)
        expert, found = _expert(names, row, lines, tree)
        if expert is None:
            bad_rows += 1
            wrong += [Problem(line=row.line, column=column, reason=reason) for column, reason in found]
        else:
            good.append(expert)
    return Parsed(good, wrong, bad_rows, True)


def _read(text: str) -> Iterator[_Row]:
    """The rows that hold anything, each with the line in which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _Row(line, [], f"can't be read as CSV: {error}")
            continue
        if any(cell.strip() for cell in cells):
            yield _Row(line, cells, "")


def _header_problems(names: list[str], header: _Row) -> list[tuple[str, str]]:
    if header.broken:
        return [("", header.broken)]
    unknown = [(name[:40], f"unknown column; known are {', '.join(COLUMNS)}") for name in names if name not in COLUMNS]
    twice = [(name, "the column is there twice") for name in COLUMNS if names.count(name) > 1]
    missing = [(name, "the column is missing") for name in REQUIRED if name not in names]
    return (unknown + twice + missing)[:100]


def _expert(
    names: list[str], row: _Row, lines: dict[str, int], tree: Sequence[str]
) -> tuple[Expert | None, list[tuple[str, str]]]:
    """One row's expert, or why there is none. `lines` remembers where each id was first seen."""
    if row.broken:
        return None, [("", row.broken)]
    if len(row.cells) != len(names):
        return None, [("", f"has {len(row.cells)} fields; the header has {len(names)}")]
    expert = _made(dict(zip(names, row.cells, strict=True)))
    found = problems(expert)
    if unknown := stranger(expert.categories, tree):
        found.append(("categories", f"{unknown[:40]!r} is not a category of this pool"))
    first = lines.setdefault(expert.expert, row.line)
    if first != row.line:
        found.append(("id", f"is already in line {first}"))
    return (None, found) if found else (expert, [])


def _made(cells: dict[str, str]) -> Expert:
    """An expert of the cells as they are; an empty cell means the default."""
    values: dict[str, object] = {}
    mode_rates: dict[str, int] = {}
    for name, cell in cells.items():
        if text := cell.strip():
            if name in MODE_RATES:
                mode_rates[MODE_RATES[name]] = _rate(text)
            else:
                values["expert" if name == "id" else name] = _value(name, text)
    return Expert(**({"expert": "", "name": "", "mode_rates": mode_rates} | values))  # type: ignore[arg-type]


def _value(name: str, text: str) -> object:
    if name == "rate":
        return _rate(text)
    return _split(text) if name in LISTS else text


def _rate(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= 9 else -1


def _split(text: str) -> list[str]:
    return [word for part in text.split(";") if (word := part.strip())]


def _unreadable(line: int, column: str, reason: str) -> Parsed:
    return Parsed([], [Problem(line=line, column=column, reason=reason)], 0, False)
