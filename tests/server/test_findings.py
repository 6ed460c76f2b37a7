"""The doctor's judgements: each fact has one verdict, and what is wrong has a way out."""

import pytest

from ground.checkup import StoreFacts
from server.findings import (
    STORE_FLOOR,
    Finding,
    failed,
    judge_clock,
    judge_python,
    judge_schema,
    judge_store,
    render,
)

GOOD = {"maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "always"}


def facts(version: str = "8.1.8", settings: dict[str, str] | None = None, error: str = "") -> StoreFacts:
    return StoreFacts(version=version, settings=GOOD if settings is None else settings, time_ms=0, function_error=error)


def verdicts(found: list[Finding]) -> dict[str, str]:
    return {one.subject: one.verdict for one in found if one.verdict != "ok"}


def test_a_good_store_has_nothing_to_say() -> None:
    assert verdicts(judge_store(facts())) == {}
    assert verdicts(judge_store(facts(".".join(map(str, STORE_FLOOR)) + ".0"))) == {}


@pytest.mark.parametrize(
    ("wrong", "subject", "verdict"),
    [
        (facts("6.2.14"), "store version", "fail"),
        (facts(error="NOPERM"), "store functions", "fail"),
        (facts(settings={**GOOD, "maxmemory-policy": "allkeys-lru"}), "store memory", "fail"),
        (facts(settings={**GOOD, "appendonly": "no"}), "store persistence", "warn"),
        (facts(settings={**GOOD, "appendfsync": "everysec"}), "store persistence", "warn"),
        (facts(settings={**GOOD, "appendfsync": "no"}), "store persistence", "warn"),
    ],
)
def test_what_is_wrong_with_a_store(wrong: StoreFacts, subject: str, verdict: str) -> None:
    assert verdicts(judge_store(wrong)) == {subject: verdict}


def test_a_store_that_hides_its_settings_is_a_warning() -> None:
    assert set(verdicts(judge_store(facts(settings={}))).values()) == {"warn"}


@pytest.mark.parametrize(
    ("skew", "verdict"), [(0, "ok"), (250, "ok"), (-250, "ok"), (251, "warn"), (-2000, "warn"), (2001, "fail")]
)
def test_clocks(skew: int, verdict: str) -> None:
    found = judge_clock(1_000_000, 1_000_000 + skew)
    assert found.verdict == verdict
    assert bool(found.way_out) == (verdict != "ok")


@pytest.mark.parametrize(
    ("version", "verdict"), [((3, 11, 7), "warn"), ((3, 11, 15), "ok"), ((3, 12, 12), "warn"), ((3, 14, 0), "ok")]
)
def test_pythons(version: tuple[int, int, int], verdict: str) -> None:
    assert judge_python(version).verdict == verdict


def test_schemas() -> None:
    assert judge_schema("0001", "0001").verdict == "ok"
    assert "empty" in judge_schema("", "0001").text
    assert judge_schema("0001", "0002").verdict == "warn"


def test_the_report_says_the_way_out() -> None:
    found = [Finding("ok", "a", "fine"), Finding("fail", "b", "broken", "mend it")]
    assert render(found) == "ok   a: fine\nfail b: broken\n     → mend it"
    assert failed(found)
    assert not failed(found[:1])
