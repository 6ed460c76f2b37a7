"""The price of time: every rounding, at its edge and for all values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.price import buys_ms, cost, fee, needed

rates, frees, times = st.integers(1, 59_999), st.integers(0, 10**7), st.integers(0, 10**9)


@pytest.mark.claim("A14", "A15", "A20")
def test_at_the_edges() -> None:
    assert [cost(600, 0, ms) for ms in (0, 29_999, 30_000, 30_001, 30_099, 30_100)] == [0, 0, 0, 300, 300, 301]
    assert [cost(60, 60_000, ms) for ms in (60_000, 60_999, 61_000)] == [0, 0, 1]
    assert [fee(amount, 2_000) for amount in (0, 4, 5, 9, 10)] == [0, 0, 1, 1, 2]
    assert (fee(77, 0), fee(77, 10_000)) == (0, 77)
    assert (buys_ms(1, 60, 0), buys_ms(1, 7, 0), buys_ms(0, 7, 5_000)) == (1_000, 8_572, 5_000)
    assert [needed(60, 0, ms) for ms in (0, 1, 1_000, 1_001)] == [0, 1, 1, 2]


@given(amount=st.integers(0, 10**15), fee_bps=st.integers(0, 10_000))
def test_a_fee_is_never_more_than_its_share(amount: int, fee_bps: int) -> None:
    part = fee(amount, fee_bps)
    assert 0 <= part <= amount
    assert part * 10_000 <= amount * fee_bps < (part + 1) * 10_000


@given(amount=st.integers(0, 10**12), rate=rates, free_ms=frees)
def test_what_money_buys_never_costs_more_and_uses_it_up(amount: int, rate: int, free_ms: int) -> None:
    lasts = buys_ms(amount, rate, free_ms)
    assert cost(rate, free_ms, lasts) <= amount
    assert rate * (lasts + 1 - free_ms) // 60_000 >= amount  # a millisecond more would cost all of it, or more


@given(rate=rates, free_ms=frees, ms=times, part=st.floats(0, 1))
def test_what_is_set_aside_covers_every_part_of_the_time(rate: int, free_ms: int, ms: int, part: float) -> None:
    held = needed(rate, free_ms, ms)
    assert buys_ms(held, rate, free_ms) >= ms
    assert cost(rate, free_ms, int(ms * part)) <= held
    assert cost(rate, free_ms, int(ms * part)) <= cost(rate, free_ms, ms)
