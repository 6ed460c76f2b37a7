"""Telephone calls by an Asterisk of one's own, steered through its REST interface (ARI). Its door is `engine.py`."""
