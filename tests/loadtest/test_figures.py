"""Figures, bars and how a report is printed."""

import json

from loadtest.figures import Report, as_json, at_most, latencies_ms, quantile, show, spread


def test_quantiles_are_values_that_occurred() -> None:
    assert quantile([3.0, 1.0, 2.0, 4.0], 0.5) == 2.0
    assert quantile(list(range(1, 101)), 0.99) == 99
    assert quantile([], 0.5) == 0.0
    assert latencies_ms([1_000_000, 3_000_000]) == {"n": 2, "p50_ms": 1.0, "p99_ms": 3.0, "max_ms": 3.0}
    assert spread([1.0, 2.0, 3.0]) == 1.0


def test_json_ends_with_the_bars_and_the_table_says_what_fails() -> None:
    report = Report(
        "x",
        {"quick": True, "n": 3},
        [("title", ["a", "bb"], [["1", "2"]])],
        [at_most("fast", 1.5, 1.4, "ms"), at_most("small", 3, 14, "KiB")],
    )
    parsed = json.loads(as_json(report))
    assert list(parsed)[-1] == "bars"
    assert parsed["bars"][0] == {"name": "fast", "value": 1.5, "bar": 1.4, "unit": "ms", "holds": False}
    assert parsed["bars"][1]["holds"] is True
    lines: list[str] = []
    show(report, lines.append)
    text = "\n".join(lines)
    assert "FAILS" in text
    assert "title" in text
