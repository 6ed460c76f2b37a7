"""Figures of a bench: quantiles, bars, and how a report is printed."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
from msgspec import Struct, to_builtins

Row = Sequence[object]


class Bar(Struct, frozen=True):
    """A promise in numbers: `value` holds when it is at most `bar` (in `unit`)."""

    name: str
    value: float
    bar: float
    unit: str
    holds: bool


class Report(Struct):
    """What a bench found: `figures` for machines, `tables` (title, head, rows) for people, `bars` for both."""

    bench: str
    figures: dict[str, Any]
    tables: list[tuple[str, list[str], list[list[str]]]]
    bars: list[Bar]


def at_most(name: str, value: float, bar: float, unit: str) -> Bar:
    return Bar(name, round(value, 4), bar, unit, value <= bar)


def quantile(values: Sequence[float], q: float) -> float:
    """The smallest value that at least the share `q` of `values` does not exceed. 0 for no values."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    rank = -int(-(q * len(ordered)) // 1)
    return ordered[min(max(rank, 1), len(ordered)) - 1]


def median(values: Sequence[float]) -> float:
    return quantile(values, 0.5)


def spread(values: Sequence[float]) -> float:
    """(largest - smallest) / median: how far alternating runs lay apart on this machine."""
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def latencies_ms(ns: Sequence[int]) -> dict[str, float]:
    """p50, p99 and the largest, in milliseconds, of durations in nanoseconds."""
    return {
        "n": len(ns),
        "p50_ms": round(quantile(ns, 0.5) / 1e6, 3),
        "p99_ms": round(quantile(ns, 0.99) / 1e6, 3),
        "max_ms": round(max(ns, default=0) / 1e6, 3),
    }


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[i]) for line in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in [head, *rows]]
    return "\n".join([lines[0].rstrip(), "  ".join("-" * width for width in widths), *(x.rstrip() for x in lines[1:])])


def as_json(report: Report) -> str:
    """One object whose last key is "bars"."""
    values: Mapping[str, Any] = {"bench": report.bench, **report.figures, "bars": to_builtins(report.bars)}
    return json.dumps(values)


def show(report: Report, write: Callable[[str], None]) -> None:
    for title, head, rows in report.tables:
        write(f"{title}\n\n{table(head, rows)}\n")
    rows = [[b.name, f"{b.value:g}", f"≤ {b.bar:g}", b.unit, "holds" if b.holds else "FAILS"] for b in report.bars]
    write("bars\n\n" + table(["bar", "value", "promise", "unit", ""], rows))


def progress(text: str) -> None:
    click.echo(text, err=True)
