"""What an expert keeps for oneself: replies to say again, notes about users whom they met.

Its doors are `sessions/notebook/replies.py` and `sessions/notebook/notes.py`.
"""
