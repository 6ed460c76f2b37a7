"""Whether the books add up. The door is `audit.py`; its questions to the database are in `store.py`."""
