"""The weights: what makes an expert stand further up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.index.ranking import (
    COLUMNS,
    NEVER_SOON,
    WEIGHTS,
    Scales,
    Sought,
    Totals,
    picking,
    rank,
    rarity,
    soonness,
    standing,
)

TOTALS = Totals(100, {"name": 200, "headline": 500, "expertise": 300, "biography": 10_000, "chats": 2_000})
WAIT = st.floats(0, 86_400)


def weigh(sought: list[Sought], **texts: str) -> float:
    return Scales(sought, TOTALS).weigh([f" {texts.get(column, '')} " for column in COLUMNS]).relevance


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    assert rarity(1, 100) > rarity(50, 100) > rarity(100, 100) > 0


def test_finds_add_up_and_saturate_below_one() -> None:
    tax, roof = Sought("tax", ("tax",), 5), Sought("roof", ("roof", "roofs"), 5)
    once, often = weigh([tax], biography="tax"), weigh([tax], biography="tax " * 30)
    assert 0 < once < often < 1
    assert weigh([tax, roof], biography="tax") < weigh([tax, roof], biography="tax roofs")
    assert weigh([tax], biography="roof") == 0
    assert weigh([tax], biography="tax", chats="tax") > once


def test_several_stems_of_one_word_count_once() -> None:
    one = weigh([Sought("taxes", ("tax",), 5)], biography="tax x")
    both = weigh([Sought("taxes", ("tax", "taxes"), 5)], biography="tax taxes")
    assert one == both


@pytest.mark.parametrize("column", [column for column in COLUMNS if column not in {"biography", "chats"}])
def test_what_is_chosen_with_care_counts_more_than_running_text(column: str) -> None:
    tax = [Sought("tax", ("tax",), 5)]
    assert weigh(tax, **{column: "tax"}) > weigh(tax, biography="tax")
    assert WEIGHTS[column].weight > WEIGHTS["biography"].weight  # type: ignore[index]


def test_common_words_pick_nobody_once_rarer_ones_pick_enough() -> None:
    common, rare, rarest = (Sought(str(n), (str(n),), n) for n in (5_000, 400, 3))
    assert picking([common, rare, rarest]) == [rarest, rare]
    assert picking([common]) == [common]


@given(WAIT, WAIT)
def test_sooner_is_better_and_never_worth_nothing(one: float, other: float) -> None:
    sooner, later = sorted((one, other))
    assert 1 >= soonness(sooner, sooner) >= soonness(later, later) >= NEVER_SOON
    assert soonness(-1, -1) == NEVER_SOON
    assert soonness(0, 0) == 1


@given(st.floats(1, 5), st.floats(1, 5))
def test_more_stars_stand_higher_and_none_stands_in_between(one: float, other: float) -> None:
    fewer, more = sorted((one, other))
    assert standing(fewer) <= standing(more) <= 1
    assert standing(1) < standing(0) < standing(5)


def test_each_part_may_decide() -> None:
    assert rank(0.9, (0, 0), 4) > rank(0.5, (0, 0), 4)
    assert rank(0.5, (0, 0), 4) > rank(0.5, (900, 1800), 4) > rank(0.5, (-1, -1), 4)
    assert rank(0.5, (0, 0), 5) > rank(0.5, (0, 0), 0) > rank(0.5, (0, 0), 2)
    assert rank(0.9, (900, 900), 4) > rank(0.2, (0, 0), 5), "who can answer comes before who can come"
