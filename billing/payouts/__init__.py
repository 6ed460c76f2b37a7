"""Paying experts out: where their money goes, batches of payouts, files for the bank.

Its door is `payouts.py`; `bank_file.py` is pure.
"""
