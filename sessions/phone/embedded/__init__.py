"""The telephone inside: baresip in a process of its own. Its door is `phone.py`, an engine like any other."""
