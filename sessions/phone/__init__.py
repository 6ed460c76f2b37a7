"""The telephone: calls out over a SIP trunk or a PBX. Its door is `engine.py`, the interface of every engine."""
