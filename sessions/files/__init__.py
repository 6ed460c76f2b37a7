"""Files of a chat: sent, checked by what they hold, said, fetched by the two sides, erased.

Its door is `sessions/files/files.py`.
"""
