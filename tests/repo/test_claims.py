"""docs/claims.md lists every promise with the tests that show it, and is never stale."""

import pytest

from tests.repo import claims, house


def test_every_mark_names_a_known_claim() -> None:
    unknown = {claim: tests for claim, tests in claims.marked().items() if claim not in claims.PROMISES}
    assert not unknown


@pytest.mark.parametrize("claim", claims.KEPT_NOW)
def test_what_we_say_we_keep_has_a_test(claim: str) -> None:
    assert claims.marked().get(claim), f"no test is marked claim({claim!r})"


def test_the_page_is_fresh() -> None:
    page = (house.ROOT / "docs" / "claims.md").read_text("utf-8")
    assert page == claims.page(), "run: python -m tests.repo.claims"
