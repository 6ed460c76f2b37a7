"""What was said, kept because both sides allowed it: packets go to disk as they are, and become one file afterwards.

`tap.py` runs beside the call, `rendering.py` after it in a process of its own; the door is `keeping.py`.
"""
