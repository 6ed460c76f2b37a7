"""The applet shows what runs by the same price as ours: these vectors hold its copy (`core/price.ts`) to `price.py`.

After a change of the price: `python -m tests.billing.test_applet_price` writes the vectors anew.
"""

import itertools
import json
import random
from pathlib import Path

import pytest

from billing import price

VECTORS = Path(__file__).parents[2] / "client_applet" / "tests" / "core" / "price_vectors.json"
SEED = 20_260
RATES = (1, 7, 99, 150, 59_999, 60_000, 10_000_000)
RANS = (0, 1, 29_999, 30_000, 30_001, 59_999, 60_000, 60_001, 119_999, 3_599_999, 86_400_000)
FREE = (0, 60_000, 3_600_000)
FEES = (0, 1, 333, 2_000, 9_999, 10_000)


def vectors() -> str:
    """Rows of rate, free_ms, ran_ms, fee_bps, cost, fee: the edges, and some from a seed."""
    dice = random.Random(SEED)
    asked = [(rate, free, ran, dice.choice(FEES)) for rate, free, ran in itertools.product(RATES, FREE, RANS)]
    for _ in range(200):
        asked.append((dice.randint(1, 10**7), dice.choice(FREE), dice.randint(0, 86_400_000), dice.randint(0, 10_000)))
    rows = [[*one, amount, price.fee(amount, one[3])] for one in asked for amount in [price.cost(*one[:3])]]
    return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"


@pytest.mark.claim("A14", "A15")
def test_the_applets_vectors_are_those_of_our_price() -> None:
    assert VECTORS.read_text() == vectors(), "write them anew: python -m tests.billing.test_applet_price"


if __name__ == "__main__":
    VECTORS.write_text(vectors())
