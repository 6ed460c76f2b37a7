"""A little of `python -m tests.billing.million`, and other numbers each time."""

import random
from pathlib import Path

from tests.billing import million


async def test_random_operations_leave_no_drift(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    done = await million.run(f"sqlite:///{tmp_path / 'books.db'}", 2_000, seed)
    assert done["drifts"] == 0 and done["transactions"] > 300
