"""The table of codes and everybody who uses it agree."""

import re
from pathlib import Path

import pytest

from wire.codes import CLOSES, REFUSALS, CloseCode, come_again

ROOT = Path(__file__).parents[2]


HEADER = re.compile(r"^--\s*REFUSES:?[ \t]+([a-z_,. \t]*)$", re.MULTILINE)


def refused_by_the_engine() -> dict[str, set[str]]:
    """Each Lua source with the codes of its header lines `-- REFUSES: a, b`."""
    return {
        source.name: {code for line in HEADER.findall(source.read_text()) for code in re.findall(r"[a-z_]{3,}", line)}
        for source in sorted(ROOT.glob("*/lua/*.lua"))
    }


def test_every_refusal_of_the_engine_is_in_the_table() -> None:
    missing = {source: codes - set(REFUSALS) for source, codes in refused_by_the_engine().items()}
    assert {source: codes for source, codes in missing.items() if codes} == {}
    assert len(missing) > 5


@pytest.mark.parametrize("close", CLOSES.values(), ids=lambda close: close.name)
def test_a_close_code_says_by_its_range_whether_to_come_again(close: CloseCode) -> None:
    expected = {40: "at_once", 41: "later", 44: "never"}[close.code // 100]
    assert close.come_again == expected
    assert len(close.words.encode()) <= 123


def test_codes_are_used_once() -> None:
    assert len({close.code for close in CLOSES.values()}) == len(CLOSES)


def test_standard_codes() -> None:
    assert come_again(1006) == "later"
    assert come_again(1009) == "never"


def test_every_refusal_says_what_it_means_and_the_way_out() -> None:
    for refusal in REFUSALS.values():
        assert refusal.meaning.endswith(".")
        assert refusal.way_out.endswith(".")
