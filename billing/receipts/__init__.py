"""Receipts that anybody can check without us: what happened to one session, from the line to the charge.

Its doors are `billing.receipts.receipt` (made of facts), `billing.receipts.verify` (checked again, offline) and
`billing.receipts.books` (kept, in the transaction that settles the session).
"""
