"""Settings of the card processor: all or none, and no real key to a stranger."""

import pytest

from server.config import ConfigError, load
from tests.processor import KEY, SECRET

GIVEN = {"OPENLINE_SECRET": "s" * 40}
LIVE = "sk_live_" + "x" * 24


def loaded(**named: str):
    return load({}, GIVEN | {f"OPENLINE_{name}": value for name, value in named.items()})


def test_without_settings_nobody_pays_in_and_with_them_the_address_is_stripes_own() -> None:
    assert loaded().stripe_key == ""
    both = loaded(STRIPE_KEY=f" {KEY} ", STRIPE_WEBHOOK_SECRET=SECRET)
    assert (both.stripe_key, both.stripe_webhook_secret, both.stripe_api) == (KEY, SECRET, "")
    assert KEY not in repr(both) and SECRET not in repr(both)
    for api in ("http://127.0.0.1:12111", "http://localhost:1", "http://[::1]:1", "https://stripe.example"):
        assert loaded(STRIPE_KEY=KEY, STRIPE_WEBHOOK_SECRET=SECRET, STRIPE_API=api).stripe_api == api
    base = "https://line.example"
    assert loaded(STRIPE_KEY=LIVE, STRIPE_WEBHOOK_SECRET=SECRET, BASE_URL=base).stripe_key == LIVE


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({"STRIPE_KEY": KEY}, "WEBHOOK_SECRET"),
        ({"STRIPE_WEBHOOK_SECRET": SECRET}, "STRIPE_KEY"),
        ({"STRIPE_API": "https://a.example"}, "together"),
        ({"STRIPE_KEY": "pk_test_x123", "STRIPE_WEBHOOK_SECRET": SECRET}, "begins with sk_"),
        ({"STRIPE_KEY": "sk_test_\n", "STRIPE_WEBHOOK_SECRET": SECRET}, "begins with sk_"),
        ({"STRIPE_KEY": KEY, "STRIPE_WEBHOOK_SECRET": "hidden"}, "whsec_"),
        ({"STRIPE_KEY": LIVE, "STRIPE_WEBHOOK_SECRET": SECRET}, "BASE_URL"),
        ({"STRIPE_KEY": LIVE, "STRIPE_WEBHOOK_SECRET": SECRET, "BASE_URL": "http://a.example"}, "https"),
        (
            {"STRIPE_KEY": LIVE, "STRIPE_WEBHOOK_SECRET": SECRET, "STRIPE_API": "http://127.0.0.1:1",
             "BASE_URL": "https://a.example"},
            "take OPENLINE_STRIPE_API away",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_never_said(named: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as wrong:
        loaded(**named)
    assert not any(value.strip() in str(wrong.value) for name, value in named.items() if name != "STRIPE_API")


@pytest.mark.parametrize(
    "api",
    ["http://stripe.example", "https://user:word@stripe.example", "https://stripe.example/v1", "ftp://127.0.0.1", "x",
     "http://127.0.0.1.evil.example", "https://stripe.example?x", "https://", "//127.0.0.1", "http://[::2]"],
)  # fmt: skip
def test_the_address_is_an_https_origin_or_this_machine(api: str) -> None:
    with pytest.raises(ConfigError, match="OPENLINE_STRIPE_API"):
        loaded(STRIPE_KEY=KEY, STRIPE_WEBHOOK_SECRET=SECRET, STRIPE_API=api)
