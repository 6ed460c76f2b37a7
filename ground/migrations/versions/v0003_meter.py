"""Money: the ledger, deposits, payouts, receipts, rates for each mode."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _ledger()
    _deposits()
    _payouts()
    _receipts()
    _rates()


def _ledger() -> None:
    """billing/store.py"""


def _deposits() -> None:
    """billing/deposits/store.py"""


def _payouts() -> None:
    """billing/payouts/store.py"""


def _receipts() -> None:
    """billing/receipts/store.py"""


def _rates() -> None:
    """directory/store.py"""
