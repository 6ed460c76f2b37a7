"""What was booked on an account, line by line, for whose it is and for operators.

Its door is `statements.py`.
"""
