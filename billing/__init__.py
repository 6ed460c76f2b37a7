"""What it costs: the ledger, holds, the price of time, deposits, payouts, receipts.

Its doors are `ledger` (every movement of money, in the caller's transaction), `meter` (what a session holds and
costs), `deposits/`, `payouts/` and `receipts/`. It knows neither lines nor sockets: `server/metering.py` brings the
three together.
"""
