"""Finding experts by words: profiles, and chats whose users allowed it, in SQLite's FTS5 or PostgreSQL's full text.

Its door is `directory.index.index.Index`. The text analysis (`words.py`) is ours, so both databases hold the same
terms; they pick the candidates, and `ranking.py` puts those in order, the same on both.
"""
