"""What a test processor has to know, and what keeps it from ever standing where real money is."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

LIVE: Final = ("sk_live", "rk_live")
EVENTS: Final = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "charge.dispute.created",
    "charge.dispute.closed",
    "refund.updated",
    "refund.failed",
)
"""What an endpoint is told when it does not say what it wants."""


class LiveKeys(Exception):
    """The keys at hand move real money."""


class Settings(Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """`key` is the one secret key that may call; `secret` signs what goes to `webhook` ("" for nowhere).

    `state` is the file that everything is kept in (":memory:" for nothing). `public` is where browsers reach the hosted
    page, the address of the call when it is "". `events` are the kinds that are told. `copies` of each are delivered;
    with `shuffle` (a seed) they come in another order, spread over `spread_ms`. What is not answered with 2xx is sent
    again after `retry_ms`, then twice as long each time. A delayed payment, a dispute or a late refund happens after
    `later_ms`.
    """

    key: str
    secret: str
    webhook: str = ""
    state: str = ":memory:"
    public: str = ""
    merchant: str = "Openline"
    events: tuple[str, ...] = EVENTS
    copies: int = 1
    shuffle: int | None = None
    spread_ms: int = 500
    retry_ms: int = 1000
    later_ms: int = 5000

    def __repr__(self) -> str:
        """Safe for logs."""
        return f"Settings(webhook={self.webhook!r}, state={self.state!r}, public={self.public!r})"


def check_not_live(environ: Mapping[str, str], *keys: str) -> None:
    """Raises LiveKeys when one of `keys`, or a key in the environment, is of an account with real money."""
    if any(key.strip().startswith(LIVE) for key in (environ.get("OPENLINE_STRIPE_KEY", ""), *keys)):
        where = environ.get("OPENLINE_STRIPE_API", "") or "the processor's own address"
        raise LiveKeys(
            f"OPENLINE_STRIPE_KEY holds a live key (for {where}): the test processor does not run beside real money. "
            "Take OPENLINE_STRIPE_KEY out of the environment first."
        )
