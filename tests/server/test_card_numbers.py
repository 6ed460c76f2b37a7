"""Card numbers in what people write: masked before anybody reads or keeps them."""

from pathlib import Path

import pytest

from ground.store import Store
from server.card_numbers import masked
from tests.server.hall import hall
from tests.server.test_commands import meet
from wire import messages as m

PAN = "4242 4242 4242 4242"
MASK = "•••• 4242"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("4242424242424242", MASK),
        (f"my card is {PAN}, exp 12/34", f"my card is {MASK}, exp 12/34"),
        ("4242-4242-4242-4242", MASK),
        ("3782 822463 10005 and 6011111111111117", "•••• 0005 and •••• 1117"),
        ("(5555555555554444)", "(•••• 4444)"),
        ("4222222222222", "•••• 2222"),
        ("x4242424242424242x", f"x{MASK}x"),
    ],
)
def test_a_card_number_is_masked_however_it_is_written(typed: str, kept: str) -> None:
    assert masked(typed) == kept


@pytest.mark.parametrize(
    "text",
    [
        "", "four two four two", "4242424242424241", "1234 5678 9012 3456", "+49 170 1234567", "2026-11-22 13:30:05",
        "invoice 20261122 of 1,234,567.89", "42424242424242424242424242424242", "DE89 3704 0044 0532 0130 00",
        "4242 4242 4242",
    ],
)  # fmt: skip
def test_what_is_no_card_number_stays_as_it_is(text: str) -> None:
    assert masked(text) == text


@pytest.mark.claim("A16")
async def test_nobody_reads_or_keeps_a_card_number_that_was_typed(store: Store, pool: str, tmp_path: Path) -> None:
    async with hall(store, pool, tmp_path) as house:
        expert, user, session = await meet(house)
        await user.ask(m.Say, session=session, text=f"take it from {PAN}")
        said = await expert.until(m.Said)
        assert said.line.text == f"take it from {MASK}"
        history = await user.ask(m.History, session=session)
        assert [line.text for line in history.lines] == [f"take it from {MASK}"]
        await expert.ask(m.Declare, status="away", reason=PAN)
        assert (await expert.until(m.MyStatus, lambda told: told.declared == "away")).reason == MASK
